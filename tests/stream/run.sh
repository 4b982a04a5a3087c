#!/bin/sh
# Trains and evaluates on drawn images of 150 MB with 40 MB for them, and compares every file with
# that of a run that holds them in memory, byte for byte.
set -u

program=run.sh
root=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd) || exit 74
bin=${QUERN_BIN:-$root/build/release/bin}
stopwatch=${QUERN_STOPWATCH:-$bin/../tests/stream/stream_stopwatch}
limit=40M
# What the manual pages promise above the limit: 32 MB, and 2 MB for each thread.
allowed_nbytes() {
    echo $(((40 + 32 + 2 * $1) * 1048576))
}

num_checks=0
num_failed=0

say() {
    printf '%s: %s\n' "$program" "$*" >&2
}

fail() {
    num_failed=$((num_failed + 1))
    say "FAILED: $*"
}

# ends CODE COMMAND...: the command ends with this code; what it says is in log.
ends() {
    wanted=$1
    shift
    num_checks=$((num_checks + 1))
    found=0
    "$@" >log 2>&1 || found=$?
    [ "$found" -eq "$wanted" ] || {
        cat log >&2
        fail "$* ended with $found instead of $wanted"
    }
}

# within THREADS COMMAND...: the command ends well and stays within the limit and what is allowed.
within() {
    num_threads=$1
    shift
    ends 0 "$stopwatch" "$@" --threads "$num_threads" --memory-limit "$limit"
    # Sanitizers have memory of their own.
    [ "${QUERN_SANITIZED:-OFF}" = OFF ] || return 0
    num_checks=$((num_checks + 1))
    nbytes=$(grep -v : log | awk -F '\t' 'NF == 4 { print $4 }')
    if [ "${nbytes:-0}" -eq 0 ] || [ "$nbytes" -gt "$(allowed_nbytes "$num_threads")" ]; then
        fail "$* took ${nbytes:-unknown} bytes, not at most $(allowed_nbytes "$num_threads")"
    fi
}

# same A B: two files, or all checkpoints of two folders.
same() {
    num_checks=$((num_checks + 1))
    if [ -d "$1" ]; then
        for file in "$1"/epoch-*.h5; do
            cmp -s "$file" "$2/${file##*/}" || fail "$file and $2/${file##*/} differ"
        done
        [ -f "$1/epoch-0002.h5" ] || [ -f "$1/epoch-0001.h5" ] || fail "$1 has no checkpoints"
    else
        cmp -s "$1" "$2" || fail "$1 and $2 differ"
    fi
}

# says WORDS: the last command did.
says() {
    num_checks=$((num_checks + 1))
    grep -q -- "$1" log || {
        cat log >&2
        fail "'$1' was not said"
    }
}

if ! [ -x "$stopwatch" ] || ! [ -x "$bin/quern-train" ]; then
    say "build first: $stopwatch or $bin/quern-train is missing"
    exit 69
fi
folder=$(mktemp -d) || exit 74
trap 'rm -rf "$folder"' EXIT
trap 'exit 143' HUP INT TERM
cd "$folder" || exit 74
# Threads that wait leave the processor to others, here and on a machine that is busy.
OMP_WAIT_POLICY=passive
export OMP_WAIT_POLICY

ends 0 "$bin/quern-draw" tree --size 256x256 --train 1150 --valid 100
ends 0 "$bin/quern-ingest" tree store.h5
rm -rf tree
train="$bin/quern-train store.h5 --epochs 2 --batch-size 50 --momentum 0.5 --accumulate 2
    --init-std 0.1"
window="$train --shuffle window:16"

# ---- The same checkpoints, in little memory ----------------------------------------------------

# The commands are words to split.
# shellcheck disable=SC2086
{
    ends 0 $window --output whole --memory-limit 1G
    for num_threads in 1 2 3 7; do
        within $num_threads $window --output streamed --force
        same whole streamed
    done
    ends 0 env QUERN_CPU=baseline $window --output streamed --force --memory-limit $limit
    same whole streamed
    ends 0 $train --shuffle none --output stored
    within 2 $train --shuffle none --output stored-streamed
    same stored stored-streamed
    ends 0 "$bin/quern-train" store.h5 --output means --model nearest-mean
    within 2 "$bin/quern-train" store.h5 --output means-streamed --model nearest-mean
    same means means-streamed
}

# ---- Stopped inside an epoch, in and out of memory ---------------------------------------------

# wait_until PROCESS COMMAND...: until the command is true or the process has ended.
wait_until() {
    awaited=$1
    shift
    until "$@" 2>/dev/null || ! kill -0 "$awaited" 2>/dev/null; do
        sleep 0.02
    done
}

# stop_streamed: saves inside an epoch when asked to, then stops; sets code.
# shellcheck disable=SC2086
stop_streamed() {
    rm -rf stopped
    $window --epochs 30 --output stopped --memory-limit $limit --threads 2 >log 2>&1 &
    process=$!
    wait_until $process test -f stopped/epoch-0001.h5
    kill -USR2 $process 2>/dev/null
    # The next epoch takes interrupted.h5 away; the log remembers it.
    wait_until $process grep -q '"event":"checkpoint".*"batch":[1-9]' stopped/log.jsonl
    kill -TERM $process 2>/dev/null
    code=0
    wait $process || code=$?
}

# shellcheck disable=SC2086
{
    # On a busy machine the run may be over before the signals come: that was no trial.
    for attempt in 1 2 3 4; do
        stop_streamed
        [ "$code" -eq 0 ] || break
    done
    num_checks=$((num_checks + 1))
    [ "$code" -eq 75 ] || fail "a streamed run that was stopped ended with $code in trial $attempt"
    # On in memory, stopped again, on from the disk.
    $window --epochs 30 --output stopped --resume --memory-limit 1G >log 2>&1 &
    process=$!
    sleep 0.3
    kill -TERM $process 2>/dev/null
    wait $process
    ends 0 $window --epochs 30 --output stopped --resume --memory-limit $limit \
        --checkpoint-seconds 1
    ends 0 $window --epochs 30 --output unstopped --memory-limit 1G --keep 1
    same unstopped/epoch-0030.h5 stopped/epoch-0030.h5
}

# ---- Refusals, and advice that is enough -------------------------------------------------------

# shellcheck disable=SC2086
{
    ends 2 $train --output refused --memory-limit $limit
    says "--shuffle full needs .* take --memory-limit [0-9]*M or --shuffle window:[0-9]*\$"
    enough=$(sed -n 's/.*take --memory-limit \([0-9]*M\).*/\1/p' log)
    longest=$(sed -n 's/.*--shuffle \(window:[0-9]*\)$/\1/p' log)
    ends 0 $train --output refused --memory-limit "$enough" --dry-run
    ends 0 $train --output refused --memory-limit $limit --shuffle "$longest" --dry-run
    ends 2 $train --output refused --memory-limit 1K --shuffle none
    num_checks=$((num_checks + 1))
    [ ! -e refused ] || fail "a refused run left a folder"
}

# ---- Evaluation --------------------------------------------------------------------------------

ends 0 "$bin/quern-evaluate" whole store.h5 --split train --output whole.h5
grep -v quern-evaluate: log >whole.txt
for num_threads in 1 2 3; do
    within $num_threads "$bin/quern-evaluate" whole store.h5 --split train --output streamed.h5
    grep -v quern-evaluate: log | awk -F '\t' 'NF != 4' >streamed.txt
    same whole.h5 streamed.h5
    same whole.txt streamed.txt
done
ends 2 "$bin/quern-evaluate" whole store.h5 --split train --memory-limit 1K
says 'need a --memory-limit of'

# ---- A store that another program has rewritten ------------------------------------------------

# shellcheck disable=SC2086
if command -v h5repack >/dev/null; then
    rewritten="--epochs 2 --batch-size 50 --momentum 0.5 --accumulate 2 --init-std 0.1"
    for layout in CHUNK=10x256x256 CONTI; do
        ends 0 h5repack -l "/train/images:$layout" store.h5 other.h5
        within 2 "$bin/quern-train" other.h5 $rewritten --output other --shuffle window:16 --force
        same whole other
    done
    rm -f other.h5
fi

# ---- Damage that is found on the way -----------------------------------------------------------

# The middle of the file lies in the training images, which are 23/25 of it.
cp store.h5 damaged.h5
middle=$(($(wc -c <store.h5) / 2))
printf 'damage' | dd of=damaged.h5 bs=1 seek="$middle" conv=notrunc 2>/dev/null
ends 65 "$bin/quern-train" damaged.h5 --output damaged --shuffle window:4 --memory-limit $limit \
    --verify quick
says 'damaged.h5: /train/images, row [0-9]*: .*the file is damaged'
num_checks=$((num_checks + 1))
[ ! -e damaged/epoch-0001.h5 ] || fail "an epoch with damaged images has a checkpoint"
ends 65 "$bin/quern-evaluate" whole damaged.h5 --split train --memory-limit $limit --verify quick
says 'damaged.h5: /train/images, row [0-9]*: .*the file is damaged'

say "$num_checks checks, $num_failed failed"
[ "$num_failed" -eq 0 ]
