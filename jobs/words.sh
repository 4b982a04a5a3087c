# Sourced by common.sh and the quickstart: words in one text, such as the options of a program.
# shellcheck shell=sh

# quote_word WORD: as a shell takes it, and split_words.
quote_word() {
    case $1 in
    '' | *[!A-Za-z0-9_./,:=+@%-]*)
        printf "'%s'\n" "$(printf '%s\n' "$1" | sed "s/'/'\\\\''/g")"
        ;;
    *) printf '%s\n' "$1" ;;
    esac
}

# One word a line.  xargs knows quotes and backslashes as the shell does, and runs nothing.
split_words() {
    case $1 in
    *[![:space:]]*) printf '%s\n' "$1" | xargs printf '%s\n' 2>/dev/null ;;
    esac
}

# print_command WORD...: as a shell takes it.
print_command() {
    line=
    for word in "$@"; do
        line="$line${line:+ }$(quote_word "$word")"
    done
    printf '%s\n' "$line"
}
