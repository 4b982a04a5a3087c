# Usage: bash offers.bash WORK LINE...: as readline calls the function of a command.
# shellcheck shell=bash disable=SC1091
work=$1
shift
source "$work/script"
number=0
for line in "$@"; do
    number=$((number + 1))
    read -r -a COMP_WORDS <<<"$line"
    if [[ $line == *' ' ]]; then COMP_WORDS+=(''); fi
    COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
    COMPREPLY=()
    function=$(complete -p "${COMP_WORDS[0]}" | sed 's/.*-F \([^ ]*\) .*/\1/')
    "$function"
    if ((${#COMPREPLY[@]} > 0)); then printf '%s\n' "${COMPREPLY[@]}"; fi >"$work/$number"
done
