#!/bin/bash
# quern-show --follow on a real terminal emulator, tmux, and real runs of quern-train: it begins before
# the run does, is drawn in place at any size, and ends with the run, with Ctrl-C, and when the run is
# killed.
#
# Usage: run.sh, with the programs in $QUERN_BIN.
# Exit status: 0 passed, 1 failed, 77 there is no tmux.
set -u

command -v tmux >/dev/null || { echo "skipped: no tmux"; exit 77; }
PATH=${QUERN_BIN:?}:$PATH
export PATH LC_ALL=C OMP_NUM_THREADS=1
work=$(mktemp -d) || exit 1
tmux="tmux -S $work/socket -f /dev/null"
trainer=
trap '$tmux kill-server 2>/dev/null; [ -z "$trainer" ] || kill -9 $trainer 2>/dev/null; rm -rf "$work"' EXIT
cd "$work" || exit 1
num_failed=0

fail() {
    echo "$1; the screen:"
    screen
    num_failed=$((num_failed + 1))
}

# What is on it now: what a smaller terminal has pushed off is the terminal's matter.
screen() { $tmux capture-pane -p | sed 's/ *$//'; }

# begin COMMAND...: on a terminal of 80 x 60; how it ends is printed below.
begin() {
    $tmux new-session -d -x 80 -y 60 "seq 5; env TERM=screen $*; echo ended with \$?; cat"
}

# await NAME PATTERN [N]: until N lines of the screen match (default: 1).
await() {
    for _ in $(seq 300); do
        [ "$(screen | grep -c -e "$2")" != "${3:-1}" ] || return 0
        sleep 0.1
    done
    fail "$1: no ${3:-one} line like $2"
    return 1
}

# train DIR: a run that takes until it is stopped.
train() {
    quern-train store.h5 --output "$1" --layers "conv:8 relu pool dense:16 relu" --epochs 100000 \
        --batch-size 8 >/dev/null 2>&1 &
    trainer=$!
}

quern-draw --train 60 --valid 20 --size 16x16 digits >/dev/null &&
    quern-ingest digits store.h5 >/dev/null 2>&1 || exit 1

begin quern-show run --follow
await "before the run" '^run: waiting'
train run
await "the first epochs" '^run: running, [0-9]* of 100000 epochs done'
await "charts" '^accuracy on the valid split'
# Drawn in place: there is one view, whatever was drawn before, below what was on the terminal.
sleep 1
[ "$(screen | grep -c '^run: ')" = 1 ] || fail "more than one view"
screen | head -n 5 | grep -q '^5$' || fail "the lines above are gone"
# Resized, it is one view that fits: no line is wrapped, none is left behind.
$tmux resize-window -x 60 -y 60
sleep 1
screen | head -n 1 | grep -q '^run: ' || fail "after a resize something is left of the view before"
# Where there is no room for one chart below the other, they are side by side.
$tmux resize-window -x 80 -y 24
await "charts side by side" '^loss  *accuracy on the valid split$'
[ "$(screen | grep -c '^run: ')" = 1 ] || fail "side by side more than one view"
$tmux resize-window -x 40 -y 16
await "after a resize" '^run: running, '
sleep 1
[ "$(screen | grep -c '^run: ')" = 1 ] || fail "after a resize more than one view"
[ "$(screen | awk 'length > 40' | wc -l)" = 0 ] || fail "lines longer than the terminal"
$tmux resize-window -x 100 -y 40
sleep 1
[ "$(screen | grep -c '^run: ')" = 1 ] || fail "after another resize more than one view"
# Stopped, the run ends, and so does this.
kill -TERM $trainer
await "the end of a stopped run" '^ended with 0$'
await "what became of it" '^run: stopped by SIGTERM after [0-9]* of 100000 epochs'
wait $trainer
$tmux kill-server
while $tmux has-session 2>/dev/null; do sleep 0.05; done

# Taken up again, and Ctrl-C, which ends what follows and not the run.
train run
until quern-show run 2>/dev/null | grep -q 'state *running'; do sleep 0.1; done
begin quern-show run --follow
await "a run taken up again" '^run: running, '
$tmux send-keys C-c
await "Ctrl-C" '^ended with 0$'
kill -0 $trainer || fail "Ctrl-C ended the run"
$tmux kill-server
while $tmux has-session 2>/dev/null; do sleep 0.05; done

# Killed.
begin quern-show run --follow
await "a run" '^run: running, '
kill -9 $trainer
await "the end of a killed run" '^ended with 0$'
await "what became of it" '^run: broken off after '
trainer=

# No escape sequences where the terminal has none.
$tmux kill-server
while $tmux has-session 2>/dev/null; do sleep 0.05; done
$tmux new-session -d -x 80 -y 24 "TERM=dumb quern-show run --follow | tail -n 1 >last; TERM=dumb quern-show run --follow; echo ended with \$?; cat"
await "a dumb terminal" '^ended with 0$'
screen | grep -q '^20[0-9T:.-]*Z run: broken off' || fail "no dated line on a dumb terminal"
grep -q "$(printf '\033')" last && fail "escape sequences in a pipe"

[ $num_failed = 0 ] || exit 1
echo "passed"
