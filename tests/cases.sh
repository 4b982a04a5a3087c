# Sourced by scripts that run cases: functions of the names in all_cases, each in the same folder of
# work.  The script sets `program` and `all_cases` and defines usage.
# shellcheck shell=sh disable=SC2034,SC2154

num_failed=0 num_checks=0

say() {
    printf '%s: %s\n' "$program" "$*" >&2
}

# take_cases ARGUMENT...: leaves those to run in cases.
take_cases() {
    cases=
    # The list is words to split.
    # shellcheck disable=SC2086,SC2116
    known=" $(echo $all_cases) --help "
    for argument in "$@"; do
        case $known in
        *" $argument "*) ;;
        *)
            say "unknown argument $argument (--help lists them)"
            exit 2
            ;;
        esac
        if [ "$argument" = --help ]; then
            usage
            exit 0
        fi
        cases="$cases $argument"
    done
    : "${cases:=$all_cases}"
}

# need PROGRAM...: with its path, or to be found.
need() {
    for needed in "$@"; do
        if ! command -v "$needed" >/dev/null; then
            say "$needed is missing: build quern"
            exit 69
        fi
    done
}

# enter_work NAME: a new folder, gone at the end.
enter_work() {
    work=$(mktemp -d "${TMPDIR:-/tmp}/quern-$1.XXXXXX") || exit 74
    trap 'cd / && rm -rf "$work"' EXIT
    trap 'exit 143' HUP INT TERM
    cd "$work" || exit 74
}

# or_exit COMMAND...: without what it makes there is nothing to test.
or_exit() {
    if ! "$@" >log 2>&1; then
        cat log >&2
        say "cannot prepare the data: $*"
        exit 1
    fi
}

# run_cases: says which passed; returns 1 if a check failed.
run_cases() {
    for this_case in $cases; do
        num_before=$num_failed
        "$this_case"
        if [ "$num_failed" -eq "$num_before" ]; then
            say "passed: $this_case"
        fi
    done
    say "$num_checks checks, $num_failed failed"
    [ "$num_failed" -eq 0 ]
}

# ---- Checks ------------------------------------------------------------------------------------

fail() {
    num_failed=$((num_failed + 1))
    say "FAILED: $this_case: $*"
    if [ -s log ]; then
        tail -n 8 log >&2
    fi
}

# expect CODE COMMAND...: its output is then in log.
expect() {
    expected=$1
    shift
    num_checks=$((num_checks + 1))
    code=0
    "$@" >log 2>&1 || code=$?
    [ "$code" -eq "$expected" ] || fail "ended with $code instead of $expected: $*"
}

expect_text() {
    num_checks=$((num_checks + 1))
    grep -qF -e "$1" log || fail "said nothing of: $1"
}

expect_none() {
    num_checks=$((num_checks + 1))
    for file in "$@"; do
        [ ! -e "$file" ] || fail "$file is there"
    done
}
