#!/bin/sh
# What a real shell offers when a word of quern's command lines is to be completed.
#
# Usage: run.sh bash|zsh|fish, with QUERN_BIN
# Exit status: 0 passed, 1 failed, 77 the shell is not installed.
set -u

shell=$1
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd) || exit 1
command -v "$shell" >/dev/null || { echo "skipped: no $shell"; exit 77; }
PATH=$QUERN_BIN:$PATH
export PATH
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
mkdir "$work/zsh"
"$QUERN_BIN/quern" --completion "$shell" >"$work/script" || exit 1
cp "$work/script" "$work/zsh/_quern"
mkdir "$work/files" && cd "$work/files" || exit 1
mkdir run digits && touch digits.h5 'ten digits.h5' notes.txt
num_failed=0

# offers LINE...: writes what the shell offers for each line to $work/LINE_NUMBER, a word a line.
offers() {
    rm -f "$work"/[0-9]*
    "$shell" "$here/offers.$shell" "$work" "$@" </dev/null 2>"$work/errors" || {
        echo "$shell failed:"
        cat "$work/errors"
        exit 1
    }
}

# check NUMBER LINE WORD...: these words are offered, and no others.
check() {
    number=$1 line=$2
    shift 2
    if [ $# -gt 0 ]; then printf '%s\n' "$@"; fi | LC_ALL=C sort -u >"$work/wanted"
    LC_ALL=C sort -u "$work/$number" >"$work/found"
    if ! diff "$work/wanted" "$work/found" >"$work/difference"; then
        echo "'$line' (< expected, > found):"
        cat "$work/difference"
        num_failed=$((num_failed + 1))
    fi
}

offers 'quern-train --mo' 'quern-train --model ' 'quern train --mo' 'quern train --recipe ' \
    'quern tra' 'quern help ev' 'quern-train di' 'quern train digits.h5 --output ' \
    'quern ingest no' 'quern pipeline --fr' 'quern-evaluate run digits.h5 --sp' 'quern --vers' \
    'quern-train --keep ' 'quern-draw --completion ' 'quern-train --init-from ' 'quern-draw --seed ' \
    'quern-train --shuffle ' 'quern pipeline --source ' 'quern-show --function si' 'quern show --function ' \
    'quern-train --augment e' 'quern-show digits.h5 --grid 4x8 --augmented '

check 1 'quern-train --mo' --model --momentum --monitor
check 2 'quern-train --model ' linear nearest-mean mlp cnn auto
check 3 'quern train --mo' --model --momentum --monitor
check 4 'quern train --recipe ' default lesson
check 5 'quern tra' train
check 6 'quern help ev' evaluate
check 7 'quern-train di' digits digits.h5
check 8 'quern train digits.h5 --output ' run digits
check 9 'quern ingest no' notes.txt
check 10 'quern pipeline --fr' --from
check 11 'quern-evaluate run digits.h5 --sp' --split
check 12 'quern --vers' --version
check 13 'quern-train --keep ' all
check 14 'quern-draw --completion ' bash zsh fish
check 15 'quern-train --init-from ' run digits digits.h5 'ten digits.h5'
check 16 'quern-draw --seed '
check 17 'quern-train --shuffle ' full none
check 18 'quern pipeline --source ' run digits digits.h5 'ten digits.h5' notes.txt
check 19 'quern-show --function si' sigmoid
# shellcheck disable=SC2046
check 20 'quern show --function ' list $(quern-show --function list | sed 's/ .*//')
check 21 'quern-train --augment e' elastic: erase:
# All that the refusal of another word names; a number follows all but three of them.
# shellcheck disable=SC2046
check 22 'quern-show digits.h5 --grid 4x8 --augmented ' $(
    quern-train none.h5 --output none --augment none-such 2>&1 | sed -n 's/.*: expected //p' |
        sed 's/ or /, /; s/, /\n/g' | sed '/^digits$/!{/^photos$/!{/^flip$/!s/$/:/;};}')

# Every option of every table, in the shell's own words.
for program in draw ingest train evaluate predict show; do
    offers "quern-$program --"
    # shellcheck disable=SC2046
    check 1 "quern-$program --" $("$QUERN_BIN/quern-$program" --help | sed -n 's/^  \(-h, \)\{0,1\}\(--[a-z0-9-]*\).*/\2/p')
done
[ "$num_failed" -eq 0 ]
