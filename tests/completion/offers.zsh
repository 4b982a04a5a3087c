# Usage: zsh offers.zsh WORK LINE...: an interactive zsh on a terminal of its own, which writes
# what completion adds instead of showing it.
work=$1
shift
# compadd is what offers words; a call that only filters them, into an array, is left alone.
zmodload zsh/zpty
zpty shell 'zsh -f -i'
zpty -w shell "
    PS1= PS2= TERM=dumb; unsetopt zle_bracketed_paste prompt_sp
    fpath=($work/zsh \$fpath); autoload -Uz compinit; compinit -u -D
    compadd() {
        if [[ \" \$* \" == *' -O '* || \" \$* \" == *' -A '* || \" \$* \" == *' -D '* ]]; then
            builtin compadd \"\$@\"; return
        fi
        local -a added; builtin compadd -O added \"\$@\"
        (( \$#added )) && print -rl -- \${(Q)added} >>\$number.new
        builtin compadd \"\$@\"
    }
    offer() { : >\$number.new; zle list-choices; mv \$number.new \$number }
    zle -N offer; bindkey '^G' offer; setopt no_list_beep no_beep; print R\"\"EADY"
zpty -r -m shell chunk '*READY*'
number=0
for line in "$@"; do
    ((number++))
    zpty -w shell "number=$work/$number"
    zpty -w -n shell "$line"$'\a'
    for i in {1..200}; do
        [[ -f $work/$number ]] && break
        zpty -r -t shell chunk || sleep 0.02
    done
    zpty -w -n shell $'\C-u'
    [[ -f $work/$number ]] || { print -u2 "no answer to '$line'"; exit 1 }
done
zpty -d shell
