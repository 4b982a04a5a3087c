#!/bin/sh
# Kills each stage at random instants, runs the same command again until it ends by itself, and
# compares what it leaves with what an undisturbed run leaves, byte for byte.
# Lists of stages are words to split.
# shellcheck disable=SC2086
set -u

program=run.sh
root=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd) || exit 74
QUERN_BIN=${QUERN_BIN:-$root/build/release/bin}
QUERN_STRIKE=${QUERN_STRIKE:-$QUERN_BIN/../tests/kill/strike}
all_stages='draw ingest ingest_over ingest_archive shard merge train_all train_keep
    train_poked train_seconds train_force train_means train_network evaluate evaluate_over pipeline'

usage() {
    cat <<EOF
Usage: tests/kill/run.sh [OPTION...]

Kills (SIGKILL) each stage at instants drawn uniformly from the length of an undisturbed run and
runs the same command again; every second rerun is killed too.  After each kill, every file under
a final name must be one that an undisturbed run writes, byte for byte.  After the last rerun the
output must be the undisturbed run's, with no other file beside it.

Options:
  --kills N        send at least N kills over all stages (default: 44)
  --seed S         of the instants (default: 1)
  --images N       training images of each class, the size of the work (default: 1000)
  --stage NAME     this stage alone; may be repeated.  Stages:
                   $(printf '%s ' $all_stages)
  --keep           keep the folder of work and print its name
  --help           print this help and exit

Environment:
  QUERN_BIN        folder of the programs (default: build/release/bin)
  QUERN_STRIKE     the program that sends the signals (default: beside it, in tests/kill)

The full campaign: tests/kill/run.sh --kills 400 --images 3000

Exit status: 0 nothing lost, 1 something was, 2 wrong arguments, 69 a program is missing.
EOF
}

say() {
    printf '%s: %s\n' "$program" "$*" >&2
}

take_number() {
    case $2 in '' | *[!0-9]*)
        say "option $1 needs a number"
        exit 2
        ;;
    esac
}

num_kills_wanted=44 seed=1 num_images=1000 stages='' keep=no
while [ $# -gt 0 ]; do
    case $1 in
    --kills)
        take_number "$1" "${2:-}"
        num_kills_wanted=$2
        shift
        ;;
    --seed)
        take_number "$1" "${2:-}"
        seed=$2
        shift
        ;;
    --images)
        take_number "$1" "${2:-}"
        num_images=$2
        shift
        ;;
    --stage)
        case " $(printf '%s ' $all_stages)" in
        *" ${2:-?} "*) stages="$stages ${2:-}" ;;
        *)
            say "no such stage: ${2:-}"
            exit 2
            ;;
        esac
        shift
        ;;
    --keep) keep=yes ;;
    --help)
        usage
        exit 0
        ;;
    *)
        say "unknown argument $1 (--help lists them)"
        exit 2
        ;;
    esac
    shift
done
stages=${stages:-$all_stages}
for needed in "$QUERN_BIN/quern-draw" "$QUERN_BIN/quern-ingest" "$QUERN_BIN/quern-train" \
    "$QUERN_BIN/quern-evaluate" "$QUERN_STRIKE"; do
    if [ ! -x "$needed" ]; then
        say "$needed is missing: build quern"
        exit 69
    fi
done

work=$(mktemp -d "${TMPDIR:-/tmp}/quern-kill.XXXXXX") || exit 74
if [ "$keep" = yes ]; then
    say "working in $work"
else
    trap 'cd / && rm -rf "$work"' EXIT
fi
trap 'exit 143' HUP INT TERM
cd "$work" || exit 74
# Threads that wait do not spin: beside other programs, that would take their processors.
OMP_WAIT_POLICY=passive
export OMP_WAIT_POLICY

num_kills=0 num_hits=0 num_killed=0 num_reruns=0 num_files=0 num_mismatches=0 most_leftovers=0 num_inside=0
num_kept=3

mismatch() {
    num_mismatches=$((num_mismatches + 1))
    say "MISMATCH: $*"
}

# ---- Stages ------------------------------------------------------------------------------------
# stage_NAME WRAPPER...: the command, which works in the folder `out`.
# before_NAME: what is in `out` before it runs.

stage_draw() {
    "$@" "$QUERN_BIN/quern-draw" out/tree --force --train $((num_images / 4)) --valid 50 --threads 2
}

stage_ingest() {
    "$@" "$QUERN_BIN/quern-ingest" tree out/store.h5 --threads 2
}

# Another store is replaced: there is the old or the new one at each instant.
before_ingest_over() {
    cp old.h5 out/store.h5
}
stage_ingest_over() {
    "$@" "$QUERN_BIN/quern-ingest" tree out/store.h5 --classes 7,3 --threads 2
}

# Its images are kept in a temporary file that has no name.
stage_ingest_archive() {
    "$@" "$QUERN_BIN/quern-ingest" tree.tar.gz out/store.h5 --threads 2
}

stage_shard() {
    "$@" "$QUERN_BIN/quern-ingest" tree out/shard.h5 --shard 2/2 --threads 2
}

stage_merge() {
    "$@" "$QUERN_BIN/quern-ingest" --merge out/store.h5 shard1.h5 shard2.h5 --threads 2
}

stage_train_all() {
    "$@" "$QUERN_BIN/quern-train" store.h5 --recipe lesson --threads 2 --output out/run --resume \
        --epochs 20 --batch-size 16 --momentum 0.9 --learning-rate 0.1
}
stage_train_keep() {
    "$@" "$QUERN_BIN/quern-train" store.h5 --recipe lesson --threads 2 --output out/run --resume \
        --epochs 21 --batch-size 8 --accumulate 3 --loss cross-entropy --checkpoint-every 2 \
        --keep "$num_kept"
}
# Checkpoints inside epochs: asked for by signals until the kill, and by the clock.
stage_train_poked() {
    "$@" "$QUERN_BIN/quern-train" store.h5 --recipe lesson --threads 2 --output out/run --resume \
        --epochs 8 --batch-size 4 --accumulate 2 --momentum 0.5 --learning-rate 0.1
}
# One thread, the faster one at batches this small.
stage_train_seconds() {
    "$@" "$QUERN_BIN/quern-train" store.h5 --recipe lesson --threads 1 --output out/run --resume \
        --epochs $((8000000 / num_images)) --batch-size 16 --momentum 0.9 --learning-rate 0.1 \
        --checkpoint-every 1000 --checkpoint-seconds 1
}
# A run of another configuration gives way, or is there still: never a mixture that resumes.
before_train_force() {
    mkdir out/run
    cp old_run/epoch-* out/run
}
stage_train_force() {
    "$@" "$QUERN_BIN/quern-train" store.h5 --recipe lesson --threads 2 --output out/run --force \
        --epochs 6 --batch-size 16
}
stage_train_means() {
    "$@" "$QUERN_BIN/quern-train" store.h5 --recipe lesson --threads 2 --output out/run --resume \
        --model nearest-mean
}

# All that a network's checkpoint holds beside parameters: moments, averages, running statistics.
stage_train_network() {
    "$@" "$QUERN_BIN/quern-train" store.h5 --recipe lesson --threads 2 --output out/run --resume \
        --layers 'conv:4:5:s3 norm relu res( norm conv:4 ) dropout:0.2 dense:16 relu' \
        --optimizer adam --schedule one-cycle --average 0.9 --augment 'shift:1.5 flip' \
        --epochs 24 --batch-size 48 --accumulate 2 --checkpoint-seconds 1
}

stage_evaluate() {
    "$@" "$QUERN_BIN/quern-evaluate" model.h5 store.h5 --split train --output out/evaluation.h5
}
before_evaluate_over() {
    cp old_evaluation.h5 out/evaluation.h5
}
stage_evaluate_over() {
    stage_evaluate "$@"
}

stage_pipeline() {
    "$@" "$root/jobs/pipeline.sh" --programs "$QUERN_BIN" --source tree --work-dir out/work \
        --ingest-options '--threads 2' \
        --train-options '--recipe lesson --threads 2 --epochs 8 --batch-size 16 --momentum 0.9'
}

# begin NAME: an `out` as before the first run.
begin() {
    rm -rf out
    mkdir out
    case $1 in ingest_over | train_force | evaluate_over) "before_$1" ;; esac
}

# Every file below the folder $1, in order.
list_names() {
    (cd "$1" && find . ! -type d | LC_ALL=C sort)
}

# The run log tells times, which no two runs share.
is_log() {
    case $1 in
    */log.jsonl) return 0 ;;
    esac
    return 1
}

# ---- Undisturbed runs --------------------------------------------------------------------------

# For each stage, in reference/NAME: `before`, what is there when it starts; `out`, what it leaves;
# `seen`, every file that may be there on the way; `seconds`.
make_reference() {
    begin "$1"
    mkdir -p "reference/$1"
    cp -r out "reference/$1/before"
    if ! "stage_$1" "$QUERN_STRIKE" --time "reference/$1/seconds" >log 2>&1; then
        cat log >&2
        say "the undisturbed run of $1 failed"
        exit 1
    fi
    mv out "reference/$1/out"
    # All checkpoints, for the one that removes some.
    begin "$1"
    num_kept=1000
    "stage_$1" env >log 2>&1
    num_kept=3
    mv out "reference/$1/seen"
}

# ---- Checks ------------------------------------------------------------------------------------

# is_temporary NAME: a name that no reader takes for a result.
is_temporary() {
    case $1 in
    */.*.partial | */evaluation.json.partial) return 0 ;;
    esac
    return 1
}

# After a kill.
check_killed() {
    num_leftovers=0
    list_names out >names
    while IFS= read -r name; do
        num_files=$((num_files + 1))
        if is_temporary "$name"; then
            num_leftovers=$((num_leftovers + 1))
        elif is_log "$name"; then
            check_log "$name" "$1"
        elif [ "${name##*/}" = interrupted.h5 ] || [ "${name##*/}" = best.h5 ]; then
            # Where it stands depends on the instant; that it is whole does not.
            num_inside=$((num_inside + 1))
            "$QUERN_BIN/quern-evaluate" "out/$name" store.h5 >log 2>&1 ||
                mismatch "$1: after a kill $name cannot be read: $(cat log)"
        elif ! cmp -s "out/$name" "reference/$1/seen/$name" &&
            ! cmp -s "out/$name" "reference/$1/before/$name"; then
            mismatch "$1: after a kill $name is no file of an undisturbed run"
        fi
    done <names
    [ "$num_leftovers" -le "$most_leftovers" ] || most_leftovers=$num_leftovers
    # One for each file that was being written, and for a moment one of a killed run beside it: a new one
    # is made before those of the dead are removed.  They do not add up over kills.  quern-draw leaves one
    # a thread, and removes them when it comes to those images again.
    case $1 in
    draw) limit=$((2 * num_killed)) ;;
    pipeline) limit=3 ;;
    *) limit=2 ;;
    esac
    [ "$num_leftovers" -le "$limit" ] ||
        mismatch "$1: $num_leftovers temporary files: $(grep partial names | tr '\n' ' ')"
}

# check_log NAME STAGE: each line is whole.
check_log() {
    num_bad=$(grep -cv '^{.*}$' "out/$1")
    [ "$num_bad" -eq 0 ] || mismatch "$2: $num_bad broken lines in $1"
}

# After the rerun that ended by itself.
check_finished() {
    list_names out >names
    list_names "reference/$1/out" >expected
    cmp -s names expected ||
        mismatch "$1: other files are left: $(diff expected names | grep '^[<>]' | tr '\n' ' ')"
    while IFS= read -r name; do
        if ! is_log "$name" && [ -e "out/$name" ]; then
            num_files=$((num_files + 1))
            cmp -s "out/$name" "reference/$1/out/$name" || mismatch "$1: $name differs at the end"
        fi
    done <expected
}

# ---- Kills -------------------------------------------------------------------------------------

# next_random: sets random, of [0, 1).
next_random() {
    read -r random <&3 || {
        say "out of random numbers"
        exit 70
    }
}

# One undisturbed start, kills, reruns.
try_stage() {
    begin "$1"
    num_killed=0
    seconds=$(cat "reference/$1/seconds")
    while :; do
        next_random
        after=$(awk "BEGIN { print $random * $seconds }")
        code=0
        poke=0
        [ "$1" != train_poked ] || poke=0.004
        "stage_$1" "$QUERN_STRIKE" --signal KILL --after "$after" --poke "$poke" >log 2>&1 || code=$?
        num_kills=$((num_kills + 1))
        case $code in
        137)
            num_hits=$((num_hits + 1))
            num_killed=$((num_killed + 1))
            check_killed "$1"
            ;;
        0) break ;; # it was faster than the kill
        *)
            mismatch "$1: ended with $code instead of being killed: $(cat log)"
            return
            ;;
        esac
        num_reruns=$((num_reruns + 1))
        next_random
        case $random in 0.[0-4]*) continue ;; esac
        code=0
        "stage_$1" "$QUERN_STRIKE" >log 2>&1 || code=$?
        [ "$code" -eq 0 ] || mismatch "$1: the rerun ended with $code: $(cat log)"
        break
    done
    check_finished "$1"
}

awk -v seed="$seed" -v count=$((num_kills_wanted * 4 + 400)) \
    'BEGIN { srand(seed); for (i = 0; i < count; i++) printf "%.6f\n", rand() }' >random
exec 3<random

prepare() {
    "$QUERN_BIN/quern-draw" tree --train "$num_images" --valid 100 &&
        "$QUERN_BIN/quern-ingest" tree store.h5 &&
        tar -czf tree.tar.gz tree &&
        "$QUERN_BIN/quern-ingest" tree shard1.h5 --shard 1/2 &&
        "$QUERN_BIN/quern-ingest" tree shard2.h5 --shard 2/2 &&
        "$QUERN_BIN/quern-draw" old_tree --train 100 --valid 50 --seed 2 &&
        "$QUERN_BIN/quern-ingest" old_tree old.h5 &&
        "$QUERN_BIN/quern-train" store.h5 --recipe lesson --output old_run --epochs 8 --seed 9 &&
        "$QUERN_BIN/quern-train" store.h5 --recipe lesson --output model_run --epochs 1 &&
        mv model_run/epoch-0001.h5 model.h5 &&
        "$QUERN_BIN/quern-evaluate" old_run store.h5 --output old_evaluation.h5
}
if ! prepare >log 2>&1; then
    cat log >&2
    say "cannot prepare the data"
    exit 1
fi
for stage in $stages; do
    make_reference "$stage"
    say "$stage takes $(cat "reference/$stage/seconds") s undisturbed"
done

while [ "$num_kills" -lt "$num_kills_wanted" ]; do
    for stage in $stages; do
        [ "$num_kills" -ge "$num_kills_wanted" ] || try_stage "$stage"
    done
    say "$num_kills kills so far, $num_mismatches mismatches"
done

say "seed $seed: $num_kills kills sent, $num_hits hit a live process, $num_reruns reruns," \
    "$num_inside left a checkpoint from inside an epoch, $num_files files compared," \
    "at most $most_leftovers temporary files at once," \
    "$num_mismatches mismatches"
[ "$num_mismatches" -eq 0 ]
