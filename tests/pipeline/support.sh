# Sourced by every case: a temporary folder to work in, and what to expect there.  The variables
# QUERN_BIN and QUERN_SOURCE name the programs' folder and the checkout.
# shellcheck shell=sh disable=SC2034,SC2154
set -eu

skipped=77
temporary=$(mktemp -d)
trap 'cd / && rm -rf "$temporary"' EXIT
cd "$temporary"

# Options of quern-train for the lesson's model, which is trained in a moment.
lesson='--recipe lesson'

pipeline() {
    "$QUERN_SOURCE/jobs/pipeline.sh" --programs "$QUERN_BIN" "$@"
}

quickstart() {
    "$QUERN_SOURCE/jobs/quickstart.sh" --programs "$QUERN_BIN" "$@"
}

# A small tree in the folder digits: 60 images of each class to train on, 20 to validate.
draw_digits() {
    "$QUERN_BIN/quern-draw" digits --train 60 --valid 20 --size 12x12 >/dev/null 2>&1
}

fail() {
    printf 'FAILED: %s\n' "$*" >&2
    for log in stdout stderr; do
        [ -f "$log" ] || continue
        printf -- '---- %s\n' "$log" >&2
        cat "$log" >&2
    done
    exit 1
}

# expect_exit CODE COMMAND...: its output is then in the files stdout and stderr.
expect_exit() {
    expected=$1
    shift
    found=0
    "$@" >stdout 2>stderr || found=$?
    [ "$found" -eq "$expected" ] || fail "exit code $found, expected $expected, of: $*"
}

expect_text() {
    grep -qF -e "$2" "$1" || fail "$1 does not hold: $2"
}

expect_no_text() {
    ! grep -qF -e "$2" "$1" || fail "$1 holds: $2"
}

expect_file() {
    for file in "$@"; do
        [ -s "$file" ] || fail "$file is missing or empty"
    done
}

expect_no_file() {
    for file in "$@"; do
        [ ! -e "$file" ] || fail "$file exists"
    done
}

# Changes when a file is written again, even with the same bytes.
stamps_of() {
    stat -c '%n %i %y' "$@"
}

# stand_in STAGE BODY...: a script in the folder programs instead of quern-STAGE.
stand_in() {
    mkdir -p programs
    name=programs/quern-$1
    shift
    printf '%s\n' '#!/bin/sh' "$@" >"$name"
    chmod +x "$name"
}

# in_path NAME LINE...: a script that goes before the command of this name.
in_path() {
    mkdir -p path
    case $PATH in
    "$temporary/path:"*) ;;
    *)
        PATH=$temporary/path:$PATH
        export PATH
        ;;
    esac
    file=path/$1
    shift
    printf '%s\n' '#!/bin/sh' "$@" >"$file"
    chmod +x "$file"
}
