#!/bin/sh
# Trains and evaluates on drawn images of 150 MB with 40 MB for them, and compares every file with
# that of a run that holds them in memory, byte for byte.
# Commands are words to split, and cases are called by name.
# shellcheck disable=SC2086,SC2317,SC2329
set -u

program=run.sh
root=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd) || exit 74
# shellcheck source=tests/cases.sh
. "$root/tests/cases.sh"
bin=${QUERN_BIN:-$root/build/release/bin}
stopwatch=${QUERN_STOPWATCH:-$bin/../tests/stream/stream_stopwatch}
all_cases='same_checkpoints stopped_and_resumed too_little_memory same_evaluations
    rewritten_by_others damage_on_the_way'
limit=40M
# What the manual pages promise above the limit: 32 MB, and 2 MB for each thread.
allowed_nbytes() {
    echo $(((40 + 32 + 2 * $1) * 1048576))
}

# within THREADS COMMAND...: the command ends well and stays within the limit and what is allowed.
within() {
    num_threads=$1
    shift
    expect 0 "$stopwatch" "$@" --threads "$num_threads" --memory-limit "$limit"
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

# says PATTERN: the last command did.
says() {
    num_checks=$((num_checks + 1))
    grep -q -e "$1" log || fail "said nothing of: $1"
}

usage() {
    cat <<EOF
Usage: tests/stream/run.sh [CASE...]

Cases (default: all):
  same_checkpoints       in and out of memory, on 1, 2, 3 and 7 threads
  stopped_and_resumed    inside an epoch, on in memory, on from the disk
  too_little_memory      is refused, with advice that is enough
  same_evaluations       in and out of memory
  rewritten_by_others    a store that h5repack has given another layout
  damage_on_the_way      is found when it is read

Environment:
  QUERN_BIN          folder of the programs (default: build/release/bin)
  QUERN_STOPWATCH    the program that measures memory (default: beside it, in tests/stream)
  QUERN_SANITIZED    ON: the programs take the sanitizers' memory too, which is not measured

Exit status: 0 all passed, 1 one failed, 2 wrong arguments, 69 a program is missing.
EOF
}

take_cases "$@"
need "$bin/quern-train" "$stopwatch"
enter_work stream
# Threads that wait leave the processor to others, here and on a machine that is busy.
OMP_WAIT_POLICY=passive
export OMP_WAIT_POLICY

train="$bin/quern-train store.h5 --recipe lesson --epochs 2 --batch-size 50 --momentum 0.5 --accumulate 2
    --init-std 0.1"
window="$train --shuffle window:16"

prepare() {
    "$bin/quern-draw" tree --size 256x256 --train 1150 --valid 100 &&
        "$bin/quern-ingest" tree store.h5 &&
        rm -rf tree &&
        $window --output whole --memory-limit 1G
}

same_checkpoints() {
    for num_threads in 1 2 3 7; do
        within $num_threads $window --output streamed --force
        same whole streamed
    done
    expect 0 env QUERN_CPU=baseline $window --output streamed --force --memory-limit $limit
    same whole streamed
    expect 0 $train --shuffle none --output stored
    within 2 $train --shuffle none --output stored-streamed
    same stored stored-streamed
    expect 0 "$bin/quern-train" store.h5 --recipe lesson --output means --model nearest-mean
    within 2 "$bin/quern-train" store.h5 --recipe lesson --output means-streamed --model nearest-mean
    same means means-streamed
}

# wait_until PROCESS COMMAND...: until the command is true or the process has ended.
wait_until() {
    awaited=$1
    shift
    until "$@" 2>/dev/null || ! kill -0 "$awaited" 2>/dev/null; do
        sleep 0.02
    done
}

# stop_streamed: saves inside an epoch when asked to, then stops; sets code.
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

stopped_and_resumed() {
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
    expect 0 $window --epochs 30 --output stopped --resume --memory-limit $limit \
        --checkpoint-seconds 1
    expect 0 $window --epochs 30 --output unstopped --memory-limit 1G --keep 1
    same unstopped/epoch-0030.h5 stopped/epoch-0030.h5
}

too_little_memory() {
    expect 2 $train --output refused --memory-limit $limit
    says "--shuffle full needs .* take --memory-limit [0-9]*M or --shuffle window:[0-9]*\$"
    enough=$(sed -n 's/.*take --memory-limit \([0-9]*M\).*/\1/p' log)
    longest=$(sed -n 's/.*--shuffle \(window:[0-9]*\)$/\1/p' log)
    expect 0 $train --output refused --memory-limit "$enough" --dry-run
    expect 0 $train --output refused --memory-limit $limit --shuffle "$longest" --dry-run
    expect 2 $train --output refused --memory-limit 1K --shuffle none
    expect_none refused
}

same_evaluations() {
    expect 0 "$bin/quern-evaluate" whole store.h5 --split train --output whole.h5
    grep -v quern-evaluate: log >whole.txt
    for num_threads in 1 2 3; do
        within $num_threads "$bin/quern-evaluate" whole store.h5 --split train --output streamed.h5
        grep -v quern-evaluate: log | awk -F '\t' 'NF != 4' >streamed.txt
        same whole.h5 streamed.h5
        same whole.txt streamed.txt
    done
    expect 2 "$bin/quern-evaluate" whole store.h5 --split train --memory-limit 1K
    says 'need a --memory-limit of'
}

# The two layouts that others choose.
rewritten_by_others() {
    command -v h5repack >/dev/null || return 0
    rewritten="--epochs 2 --batch-size 50 --momentum 0.5 --accumulate 2 --init-std 0.1"
    for layout in CHUNK=10x256x256 CONTI; do
        expect 0 h5repack -l "/train/images:$layout" store.h5 other.h5
        within 2 "$bin/quern-train" other.h5 --recipe lesson $rewritten --output other --shuffle window:16 --force
        same whole other
    done
    rm -f other.h5
}

damage_on_the_way() {
    # The middle of the file lies in the training images, which are 23/25 of it.
    cp store.h5 damaged.h5
    middle=$(($(wc -c <store.h5) / 2))
    printf 'damage' | dd of=damaged.h5 bs=1 seek="$middle" conv=notrunc 2>/dev/null
    expect 65 "$bin/quern-train" damaged.h5 --recipe lesson --output damaged --shuffle window:4 --memory-limit $limit \
        --verify quick
    says 'damaged.h5: /train/images, row [0-9]*: .*the file is damaged'
    expect_none damaged/epoch-0001.h5
    expect 65 "$bin/quern-evaluate" whole damaged.h5 --split train --memory-limit $limit --verify quick
    says 'damaged.h5: /train/images, row [0-9]*: .*the file is damaged'
}

or_exit prepare
run_cases
