#!/bin/sh
# Signals that ask a stage to stop or to save, and two runs at once on one output.
# Lists of cases are words to split, and cases are called by name.
# shellcheck disable=SC2034,SC2086,SC2116,SC2317,SC2329
set -u

program=run.sh
root=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd) || exit 74
# shellcheck source=tests/cases.sh
. "$root/tests/cases.sh"
QUERN_BIN=${QUERN_BIN:-$root/build/release/bin}
QUERN_STRIKE=${QUERN_STRIKE:-$QUERN_BIN/../tests/kill/strike}
all_cases='stop_train stop_again_and_again save_and_go_on second_signal stop_ingest
    stop_pipeline stop_pipeline_group save_pipeline train_twice ingest_twice evaluate_twice
    finished_leaves_nothing fewer_epochs_keep_work'

usage() {
    cat <<EOF
Usage: tests/signals/run.sh [OPTION...] [CASE...]

Cases (default: all):
  stop_train                TERM, INT, USR1, HUP to quern-train: exit code 75, a checkpoint, resumes
                            to the same bytes
  stop_again_and_again      the same run stopped many times
  save_and_go_on            USR2 to quern-train, many times
  second_signal             ends quern-train at once
  stop_ingest               TERM, INT, USR1 to quern-ingest: no store, or the old one
  stop_pipeline             TERM, INT, USR1 to the pipeline's script alone
  stop_pipeline_group       the same to each of its processes, as schedulers and terminals do
  save_pipeline             USR2 to the pipeline's script
  train_twice               on one RUN_DIR; the first ends well, or is killed
  ingest_twice              on one store
  evaluate_twice            on one evaluation file
  finished_leaves_nothing   a run killed just before it tidied up
  fewer_epochs_keep_work    a stopped run, and its command with fewer epochs than it had done

Options:
  --help          print this help and exit

Environment:
  QUERN_BIN        folder of the programs (default: build/release/bin)
  QUERN_STRIKE     the program that sends the signals (default: beside it, in tests/kill)

Exit status: 0 all passed, 1 one failed, 2 wrong arguments, 69 a program is missing.
EOF
}

take_cases "$@"
need "$QUERN_BIN/quern-train" "$QUERN_STRIKE"
enter_work signals
# Threads that wait do not spin: beside other programs, that would take their processors.
OMP_WAIT_POLICY=passive
export OMP_WAIT_POLICY

num_kept=100

# expect_same FOLDER: the folder `out` holds the same files as this one, the run log apart.
expect_same() {
    num_checks=$((num_checks + 1))
    diff -r -x log.jsonl "$1" out >different 2>&1 || fail "out differs from $1: $(cat different)"
    (cd "$1" && find . | LC_ALL=C sort) >expected_names
    (cd out && find . | LC_ALL=C sort) >names
    cmp -s expected_names names ||
        fail "other files: $(diff expected_names names | grep '^[<>]' | tr '\n' ' ')"
}

# expect_saves RUN_DIR FOLDER: more checkpoints were written in out/RUN_DIR than in FOLDER/RUN_DIR.
expect_saves() {
    num_checks=$((num_checks + 1))
    num_asked=$(grep -c '"event":"checkpoint"' "out/$1/log.jsonl")
    num_usual=$(grep -c '"event":"checkpoint"' "$2/$1/log.jsonl")
    [ "$num_asked" -gt "$num_usual" ] ||
        fail "$num_asked checkpoints, with no signal there are $num_usual"
}

fresh() {
    rm -rf out
    mkdir out
}

# wait_for FILE: made by a process in the background.
wait_for() {
    num_waits=0
    while [ ! -e "$1" ] && [ "$num_waits" -lt 2000 ]; do
        sleep 0.01
        num_waits=$((num_waits + 1))
    done
    [ -e "$1" ] || fail "$1 did not appear"
}

# ---- The commands ------------------------------------------------------------------------------

# train WRAPPER...: about a second of many short updates.
train() {
    "$@" "$QUERN_BIN/quern-train" store.h5 --recipe lesson --output out/run --resume --threads 2 --epochs 600 \
        --batch-size 2 --accumulate 3 --momentum 0.9 --learning-rate 0.1 --checkpoint-every 350 \
        --keep "$num_kept"
}

ingest() {
    "$@" "$QUERN_BIN/quern-ingest" tree out/store.h5 --threads 2
}

ingest_over_small() {
    cp small.h5 out/store.h5
    ingest "$@"
}

evaluate() {
    "$@" "$QUERN_BIN/quern-evaluate" model.h5 store.h5 --split train --output out/evaluation.h5
}

pipeline() {
    "$@" "$root/jobs/pipeline.sh" --programs "$QUERN_BIN" --source tree --work-dir out/work \
        --train-options '--recipe lesson --threads 2 --epochs 600 --batch-size 2 --checkpoint-every 350'
}

# expect_stop COMMAND STRIKE_OPTION...: the command, stopped by a signal, ends with 75.  On a busy
# machine it may be over before the signal comes: that was no trial, and it is made again, with
# shorter and shorter waits.
expect_stop() {
    stopped=$1
    shift
    for delay in $delays; do
        fresh
        code=0
        "$stopped" "$QUERN_STRIKE" --after "$delay" "$@" >log 2>&1 || code=$?
        [ "$code" -eq 0 ] || break
    done
    num_checks=$((num_checks + 1))
    [ "$code" -eq 75 ] || fail "ended with $code instead of 75: $stopped $*"
}

# ---- Cases: stop and save ----------------------------------------------------------------------

stop_train() {
    for signal in TERM INT USR1 HUP; do
        for delays in '0 0 0 0' '0.02 0.01 0 0' '0.2 0.1 0.05 0'; do
            expect_stop train --signal "$signal" --caught
            expect_text "stopped by SIG$signal"
            expect_text 'run again with --resume'
            expect_text out/run
            # The only checkpoints that need no more are those of whole epochs.
            if [ ! -e out/run/interrupted.h5 ] && [ ! -e out/run/epoch-0350.h5 ]; then
                fail "SIG$signal after $delay s left no checkpoint"
            fi
            expect_none out/run/.*.partial
            expect 0 train env
            expect_same train.out
        done
    done
}

stop_again_and_again() {
    fresh
    num_stops=0
    code=75
    while [ "$code" -eq 75 ] && [ "$num_stops" -lt 12 ]; do
        num_stops=$((num_stops + 1))
        code=0
        train "$QUERN_STRIKE" --signal TERM --caught --after 0.03 >log 2>&1 || code=$?
        case $code in 0 | 75) ;; *) fail "stop $num_stops ended with $code" ;; esac
    done
    num_checks=$((num_checks + num_stops))
    [ "$num_stops" -ge 3 ] || fail "ended after $num_stops stops already"
    expect 0 train env
    expect_same train.out
}

save_and_go_on() {
    fresh
    expect 0 train "$QUERN_STRIKE" --signal TERM --after 1000 --poke 0.01
    expect_same train.out
    expect_saves run train.out

    # An epoch of one batch, which has no place to pause in.
    fresh
    expect 0 whole_batches env
    rm -rf whole.out
    mv out whole.out
    fresh
    expect 0 whole_batches "$QUERN_STRIKE" --signal TERM --after 1000 --poke 0.01
    expect_same whole.out
    expect_saves run whole.out
}

whole_batches() {
    "$@" "$QUERN_BIN/quern-train" store.h5 --recipe lesson --output out/run --threads 2 --epochs 150 \
        --batch-size 4000 --checkpoint-every 1000
}

# A run that cannot go on, because nobody reads what it prints, cannot stop in good order either.
# shellcheck disable=SC2216
second_signal() {
    for signal in TERM INT USR1; do
        fresh
        rm -f code
        {
            "$QUERN_STRIKE" --signal "$signal" --caught --after 0.5 --again 1.5 \
                "$QUERN_BIN/quern-train" small.h5 --recipe lesson --output out/run --epochs 100000 \
                --checkpoint-every 100000 2>log
            echo $? >code
        } | sleep 3.5
        wait_for code
        num_checks=$((num_checks + 1))
        case $signal:$(cat code) in
        TERM:143 | INT:130 | USR1:138) ;;
        *) fail "ended with $(cat code) on the second SIG$signal" ;;
        esac
    done
}

stop_ingest() {
    for signal in TERM INT USR1; do
        delays='0 0 0 0 0 0'
        expect_stop ingest --signal "$signal" --caught
        expect_text "stopped by SIG$signal"
        expect_none out/store.h5 out/.store.h5.*.partial
        expect 0 ingest env
        expect_same ingest.out

        expect_stop ingest_over_small --signal "$signal" --caught
        cmp -s small.h5 out/store.h5 || fail "the old store is not as it was"
        expect_none out/.store.h5.*.partial
        expect 0 ingest env
        expect_same ingest.out
    done
}

# stop_pipeline_with STRIKE_OPTION...: once while it trains.
stop_pipeline_with() {
    for signal in TERM INT USR1; do
        delays='0.05 0.02 0 0'
        expect_stop pipeline --signal "$signal" --when out/work/run/epoch-0000.h5 "$@"
        expect_text 'run again to go on'
        expect_none out/work/evaluation.h5 out/work/evaluation.json
        expect 0 pipeline env
        expect_same pipeline.out
    done
}

stop_pipeline() {
    stop_pipeline_with --leader
}

stop_pipeline_group() {
    for round in 1 2; do
        stop_pipeline_with
    done
}

save_pipeline() {
    fresh
    expect 0 pipeline "$QUERN_STRIKE" --signal USR2 --when out/work/run/epoch-0000.h5 --after 0.05 \
        --leader
    expect_same pipeline.out
    expect_saves work/run pipeline.out
}

# ---- Cases: two at once ------------------------------------------------------------------------

# hold PATTERN COMMAND...: starts the command in the background and has it stand still as soon as
# a file that fits the pattern is there; sets holder to its process.  The file may be there for an instant only.
hold() {
    held_file=$1
    shift
    for round in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
        fresh
        rm -f holder
        "$@" "$QUERN_STRIKE" --signal STOP --leader --pid holder --when "$held_file" >held_log 2>&1 &
        strike=$!
        if wait_for_hold; then
            return 0
        fi
    done
    fail "$held_file was never seen"
    return 1
}

# matching PATTERN: the first file that it fits.
matching() {
    set -- $1
    printf '%s\n' "$1"
}

# True once the holder stands still while it writes its file; false if it ended before.
wait_for_hold() {
    wait_for holder
    holder=$(cat holder)
    while state=$(sed -n 's/^State:[[:space:]]*\(.\).*/\1/p' "/proc/$holder/status" 2>/dev/null) &&
        [ -n "$state" ]; do
        if [ "$state" = T ]; then
            # Not empty: it was locked before it was written.
            [ ! -s "$(matching "$held_file")" ] || return 0
            kill -s CONT "$holder"
            [ ! -e "$(matching "$held_file")" ] || kill -s STOP "$holder"
        fi
        sleep 0.002
    done
    wait "$strike"
    return 1
}

# two_at_once PATTERN REFERENCE TEXT COMMAND: the second is refused and the first undisturbed; when
# the first is killed, another may start.
two_at_once() {
    hold "$1" "$4" || return
    expect 74 "$4" env
    expect_text "$3"
    expect 74 "$4" env
    kill -s CONT "$holder"
    wait "$strike" || fail "the first ended with $?: $(cat held_log)"
    expect_same "$2"

    hold "$1" "$4" || return
    expect 74 "$4" env
    kill -s KILL "$holder"
    wait "$strike"
    expect 0 "$4" env
    expect_same "$2"
}

train_twice() {
    two_at_once out/run/epoch-0350.h5 train.out 'another quern-train is at work' train
}

ingest_twice() {
    two_at_once 'out/.store.h5.*.partial' ingest.out 'another process is writing this file' ingest
}

evaluate_twice() {
    two_at_once 'out/.evaluation.h5.*.partial' evaluate.out 'another process is writing this file' \
        evaluate
}

# Between the last checkpoint's appearance and the removal of what it makes needless.
finished_leaves_nothing() {
    fresh
    cp -r train.out/run out/run
    expect 75 train_elsewhere
    mv elsewhere/interrupted.h5 out/run/interrupted.h5
    expect 0 train env
    expect_same train.out

    # The same with those that --keep makes needless.
    fresh
    cp -r train.out/run out/run
    num_kept=2
    expect 0 train env
    num_kept=100
    rm -rf kept.out
    cp -r train.out kept.out
    rm kept.out/run/epoch-0000.h5
    expect_same kept.out
}

# sparse EPOCHS WRAPPER...: a run of which interrupted.h5 holds nearly all.
sparse() {
    num_epochs=$1
    shift
    "$@" "$QUERN_BIN/quern-train" store.h5 --recipe lesson --output out/run --resume --threads 2 \
        --epochs "$num_epochs" --batch-size 2 --learning-rate 0.1 --checkpoint-every 1000
}

sparse_of_600() {
    sparse 600 "$@"
}

# An interrupted.h5 beyond the epochs that are asked for now is work that a later run goes on from.
fewer_epochs_keep_work() {
    delays='0.2 0.1 0.05 0.02'
    expect_stop sparse_of_600 --signal TERM --caught
    grep -q 'after epoch [1-9]' log || fail "stopped in the first epoch: $(cat log)"
    rm -rf stopped.run
    cp -r out/run stopped.run
    expect 0 sparse 1 env
    expect_text 'nothing to do'
    num_checks=$((num_checks + 1))
    diff -r -x log.jsonl stopped.run out/run || fail "--epochs 1 changed what was stopped later"
}

train_elsewhere() {
    rm -rf elsewhere
    "$QUERN_STRIKE" --signal TERM --caught --after 0.05 "$QUERN_BIN/quern-train" store.h5 --recipe lesson \
        --output elsewhere --threads 2 --epochs 600 --batch-size 2 --accumulate 3 --momentum 0.9 \
        --learning-rate 0.1 --checkpoint-every 1000
}

# ---- All ---------------------------------------------------------------------------------------

prepare() {
    "$QUERN_BIN/quern-draw" tree --train 2000 --valid 300 --threads 2 &&
        "$QUERN_BIN/quern-draw" small_tree --train 8 --valid 4 --size 8x8 &&
        "$QUERN_BIN/quern-ingest" tree store.h5 &&
        "$QUERN_BIN/quern-ingest" small_tree small.h5 &&
        "$QUERN_BIN/quern-train" store.h5 --recipe lesson --output first --epochs 1 &&
        mv first/epoch-0001.h5 model.h5
}

or_exit prepare
for command in train ingest evaluate pipeline; do
    fresh
    or_exit "$command" env
    mv out "$command.out"
done
run_cases
