#!/bin/sh
# The line of progress on a real terminal emulator, tmux: at any width it is one line, wherever the
# terminal is resized nothing of it is left behind, and messages and results stand clean above it.
#
# Usage: run.sh STAGE_PROGRAM
# Exit status: 0 passed, 1 failed, 77 there is no tmux.
set -u

stage=$1
command -v tmux >/dev/null || { echo "skipped: no tmux"; exit 77; }
work=$(mktemp -d) || exit 1
tmux="tmux -S $work/socket -f /dev/null"
trap '$tmux kill-server 2>/dev/null; rm -rf "$work"' EXIT
num_failed=0

# begin TERM: ten lines, then the stage.
begin() {
    rm -f "$work/commands"
    mkfifo "$work/commands"
    $tmux new-session -d -x 80 -y 24 \
        "seq 10; env TERM=$1 LC_ALL=C '$stage' '$work/commands'; echo after; cat"
    exec 3>"$work/commands"
}

# resize COLUMNS: until the programs on the terminal are told, too.
resize() {
    tty=$($tmux display -p '#{pane_tty}')
    $tmux resize-window -x "$1"
    for _ in $(seq 100); do
        [ "$(stty size <"$tty")" != "24 $1" ] || return 0
        sleep 0.05
    done
    echo "the terminal did not become $1 columns wide"
    exit 1
}

tell() { echo "$*" >&3; }

finish() {
    exec 3>&-
    $tmux kill-server
    while $tmux has-session 2>/dev/null; do sleep 0.05; done
}

# With all that was scrolled off, too.
screen() { $tmux capture-pane -p -S - | sed -e 's/ *$//' -e '/^$/d'; }

# expect NAME PATTERN...: below the ten lines there come to be lines like these, and nothing else.
expect() {
    name=$1
    shift
    wanted=$(seq 10; printf '%s\n' "$@")
    for _ in $(seq 100); do
        # Rates and times left depend on how long the test itself takes.
        found=$(screen | sed 's/  [0-9,]*\( images\)\{0,1\}\/s  [0-9]* s left/  RATE\1/')
        [ "$found" != "$wanted" ] || return 0
        sleep 0.05
    done
    printf '%s: expected\n%s\nfound\n%s\n' "$name" "$wanted" "$found"
    num_failed=$((num_failed + 1))
}

begin "${TERM_OF_TEST:-screen}"
tell update 4500
expect "80 columns" "decode  #############-----------------   45%  RATE images"
# Narrower than the line: tmux wraps it, and the next update leaves one line.
resize 40
tell update 4600
expect "40 columns" "decode   46%  RATE"
resize 20
tell update 4700
expect "20 columns" "decode   47%"
resize 10
tell update 4800
expect "10 columns" " 48%"
resize 80
tell update 4850
tell message "note: this"
tell update 4900
tell result "5 of 7"
tell update 5000
tell end
exec 3>&-
expect "messages and results alone are left" "stage: note: this" "5 of 7" after
finish

begin dumb
tell update 4500
tell end
exec 3>&-
expect "TERM=dumb is spared" after
finish

# On a terminal of 40 columns programs wrap their helps, and the table of epochs drops columns.
# narrow COMMAND: leaves in printed what it prints, lines as they were before the terminal wrapped them.
narrow() {
    $tmux new-session -d -x 40 -y 24 "cd '$work' && PATH='$QUERN_BIN:$PATH' && $1; echo after; cat"
    for _ in $(seq 400); do
        $tmux capture-pane -p -J -S - | sed 's/ *$//' >"$work/printed"
        ! grep -q '^after' "$work/printed" || break
        sleep 0.05
    done
    finish
}

for command in "quern-draw --help" quern; do
    narrow "$command"
    # Examples are as long as they are.
    if grep -v '^  quern' "$work/printed" | grep '.\{41\}'; then
        echo "$command: longer than 40 columns"
        num_failed=$((num_failed + 1))
    fi
done
"$QUERN_BIN/quern-draw" --train 20 --valid 10 "$work/digits" >/dev/null &&
    "$QUERN_BIN/quern-ingest" "$work/digits" "$work/digits.h5" >/dev/null || exit 1
# Errors, notes and what --dry-run says go on between words, the command after a backslash.
for command in 'quern-ingest digits/train --dry-run' 'quern-ingest digits/train train.h5'; do
    narrow "$command"
    if grep '.\{41\}' "$work/printed" || ! grep -q -- '--valid-fraction 0.2' "$work/printed"; then
        echo "$command: not wrapped to 40 columns"
        num_failed=$((num_failed + 1))
    fi
done
narrow "quern-train digits.h5 --output run --recipe lesson --epochs 2"
for line in '^    epoch  valid loss  valid accuracy$' '^      2/2    [0-9.]*        [0-9.]*$'; do
    grep -q "$line" "$work/printed" || {
        echo "the table of epochs has no line $line:"
        cat "$work/printed"
        num_failed=$((num_failed + 1))
    }
done
[ "$num_failed" -eq 0 ]
