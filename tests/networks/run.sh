#!/bin/sh
# Networks as users train them, on drawn digits.
# Cases are called by name, and a launcher is words to split.
# shellcheck disable=SC2086,SC2317,SC2329
set -u

program=networks
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd) || exit 74
# shellcheck source=tests/cases.sh
. "$here/../cases.sh"
all_cases='threads ranks instructions interrupted killed streamed float64 learns averages refusals
diverging find_lr resumed shapes frozen'

usage() {
    cat <<EOF
Usage: tests/networks/run.sh [CASE...]

Trains small networks by the programs in \$QUERN_BIN and compares checkpoints.  Cases:
  threads        1, 2, 3 and 7 threads give the same bytes
  ranks          so do 1, 2, 3 and 4 ranks (with \$QUERN_MPIRUN)
  instructions   so does every instruction set of this CPU
  interrupted    so does a run that was stopped inside an epoch and resumed
  killed         so does a run that was killed, again and again, and resumed
  streamed       so does a store of which only a part is in memory at a time
  float64        steps agree with an implementation in NumPy (with \$QUERN_PYTHON)
  learns         a convolutional network tells drawn digits apart
  averages       what is evaluated is the moving average of the parameters
  refusals       networks and settings that cannot be
  diverging      parameters that are no longer finite end the run
  resumed        another configuration does not go on, and is told why; more epochs do
  shapes         batches and images of any size, by any number of threads
  frozen         layers that stay, and a run that stops early: the same bytes by threads and ranks
  find_lr        the range test prints losses and a suggestion
EOF
}

# One of everything whose bits could depend on who computes it.
layers='conv:6 norm relu res(conv:6 norm relu) pool conv:8 relu pool dense:20 relu dropout:0.3'

# train RUN [OPTION...]: three epochs of that network.  With exec=exec it takes the shell's place, so that
# signals to a child reach it.
train() {
    run=$1
    shift
    ${exec:-} ${launch:-} "$QUERN_BIN/quern-train" store.h5 --recipe lesson --output "$run" --layers "$layers" --optimizer adam \
        --schedule one-cycle --epochs 3 --batch-size 100 --clip-norm 1 --average 0.9 \
        --input standard --label-smoothing 0.1 --class-weights balanced --weight-decay 0.01 \
        --augment 'rotate:10 shift:1.5 scale:0.1 elastic:1:8 erase:0.2' "$@"
}

# same_as_base RUN
same_as_base() {
    num_checks=$((num_checks + 1))
    cmp -s base/epoch-0003.h5 "$1/epoch-0003.h5" || fail "$1 differs"
}

threads() {
    for n in 2 3 7; do
        expect 0 train "threads-$n" --threads "$n"
        same_as_base "threads-$n"
    done
    OMP_THREAD_LIMIT=2 expect 0 train limited --threads 5
    same_as_base limited
}

ranks() {
    if ! command -v "${QUERN_MPIRUN:-mpirun}" >/dev/null; then
        say "skipped: ranks: no mpirun"
        return
    fi
    for n in 2 3 4; do
        launch="$here/../mpi/launch.sh $n" expect 0 train "ranks-$n" --threads 1
        same_as_base "ranks-$n"
    done
}

instructions() {
    for name in baseline avx2 avx512; do
        if ! QUERN_CPU=$name train none --dry-run >log 2>&1; then
            say "skipped: this CPU has no $name"
            continue
        fi
        QUERN_CPU=$name expect 0 train "$name" --threads 2
        same_as_base "$name"
    done
}

interrupted() {
    code=75 count=0
    # A signal after every hundred milliseconds, until a run comes to its end.
    while [ "$code" -eq 75 ] && [ "$count" -lt 100 ]; do
        exec='exec' train interrupted --threads 2 --resume >log 2>&1 &
        child=$!
        sleep 0.2
        kill -USR1 "$child" 2>/dev/null
        code=0
        wait "$child" || code=$?
        count=$((count + 1))
    done
    num_checks=$((num_checks + 2))
    [ "$code" -eq 0 ] || fail "ended with $code"
    [ "$count" -gt 1 ] || fail "was never interrupted"
    same_as_base interrupted
}

killed() {
    count=0
    while [ "$count" -lt 6 ]; do
        exec='exec' train killed --threads 2 --resume --checkpoint-seconds 1 >log 2>&1 &
        child=$!
        sleep "0.$((2 + count))"
        kill -KILL "$child" 2>/dev/null
        wait "$child" 2>/dev/null
        count=$((count + 1))
    done
    expect 0 train killed --threads 2 --resume
    same_as_base killed
}

streamed() {
    # The order of windows is another one than the full permutation: a base of its own.
    expect 0 train whole --shuffle window:2
    expect 0 train part --shuffle window:2 --memory-limit "$(smallest_limit)"
    num_checks=$((num_checks + 1))
    cmp -s whole/epoch-0003.h5 part/epoch-0003.h5 || fail "streamed data give another checkpoint"
}

# The least --memory-limit of a search by halves that a dry run accepts.
smallest_limit() {
    low=1 high=256
    while [ $((high - low)) -gt 1 ]; do
        middle=$(((low + high) / 2))
        if train none --shuffle window:2 --dry-run --memory-limit "${middle}M" >/dev/null 2>&1; then
            high=$middle
        else
            low=$middle
        fi
    done
    echo "${high}M"
}

# agree OPTION...: two epochs in stored order, against float64.py
agree() {
    rm -rf plain
    expect 0 "$QUERN_BIN/quern-train" store.h5 --recipe lesson --output plain --shuffle none --epochs 2 \
        --batch-size 100 "$@"
    expect 0 "$QUERN_PYTHON" "$here/float64.py" store.h5 plain
}

float64() {
    if [ -z "${QUERN_PYTHON:-}" ]; then
        say "skipped: float64: no python3 with h5py and numpy"
        return
    fi
    agree --layers 'dense:30 relu dense:20 relu' --optimizer adam
    agree --model cnn
    agree --layers 'dense:20 relu' --nesterov --schedule one-cycle --momentum 0.9
    # What a residual takes is not what its first relu leaves.
    agree --layers 'conv:6 res( relu conv:6 res( relu conv:6 norm ) ) relu avgpool' --epsilon 1e-3 \
        --optimizer adam
    # A bias before a norm has no gradient but rounding, which a small epsilon would make steps of.
    agree --layers 'conv:6 norm relu res(conv:6 norm relu) pool conv:8:5:s2 relu avgpool dense:20 relu' \
        --optimizer adam --schedule one-cycle --input standard --epsilon 1e-3
    agree --layers 'conv:6 norm relu res(conv:6 norm relu) pool conv:8:5:s2 relu dense:20 norm relu' \
        --optimizer adamw --weight-decay 0.1 --schedule cosine --warmup 0.3 --clip-norm 0.5 \
        --label-smoothing 0.1 --epsilon 1e-3
}

learns() {
    expect 0 "$QUERN_BIN/quern-train" store.h5 --recipe lesson --output cnn --model cnn --optimizer adam --epochs 4
    num_checks=$((num_checks + 1))
    "$QUERN_BIN/quern-evaluate" cnn store.h5 --json 2>/dev/null |
        awk -F '"accuracy":' '{ exit !($2 + 0 > 0.9) }' || fail "an accuracy of 0.9 or less"
}

averages() {
    expect 0 "$QUERN_BIN/quern-train" store.h5 --recipe lesson --output slow --model mlp --epochs 1 --average 0.9999
    expect 0 "$QUERN_BIN/quern-train" store.h5 --recipe lesson --output fast --model mlp --epochs 1
    num_checks=$((num_checks + 2))
    # What training ends with is the same; what is evaluated is not.
    "$QUERN_BIN/quern-evaluate" slow store.h5 --json 2>/dev/null >slow.json
    "$QUERN_BIN/quern-evaluate" fast store.h5 --json 2>/dev/null >fast.json
    ! cmp -s slow.json fast.json || fail "the average is not what is evaluated"
    valid_loss=$(sed -n '/"event":"epoch"/s/.*"valid_loss":\([^,}]*\).*/\1/p' slow/log.jsonl)
    grep -qF "\"loss\":$valid_loss" slow.json || fail "evaluate and train say other losses"
}

refusals() {
    expect 2 "$QUERN_BIN/quern-train" store.h5 --recipe lesson --output none --layers 'pool pool pool pool pool'
    expect_text "layer 5 of the network, 'pool'"
    expect 2 "$QUERN_BIN/quern-train" store.h5 --recipe lesson --output none --layers 'dense:1000000000000'
    expect_text "'dense:1000000000000'"
    expect 2 "$QUERN_BIN/quern-train" store.h5 --recipe lesson --output none --layers 'relu dense:2000000000'
    expect_text "needs more memory"
    expect 2 "$QUERN_BIN/quern-train" store.h5 --recipe lesson --output none --optimizer adam --average 0.9 \
        --layers "$(printf 'norm %.0s' $(seq 300))"
    expect_text "too many tensors"
    expect 2 "$QUERN_BIN/quern-train" store.h5 --recipe lesson --output none --layers 'dense:8' --model mlp
    expect 2 "$QUERN_BIN/quern-train" store.h5 --recipe lesson --output none --hidden 8
    expect 2 "$QUERN_BIN/quern-train" store.h5 --recipe lesson --output none --input standard
    expect 2 "$QUERN_BIN/quern-train" store.h5 --recipe lesson --output none --init he
    expect 2 "$QUERN_BIN/quern-train" store.h5 --recipe lesson --output none --model cnn --beta2 0.9
    expect 2 "$QUERN_BIN/quern-train" store.h5 --recipe lesson --output none --model cnn --augment 'rotate:x'
    expect 2 "$QUERN_BIN/quern-train" store.h5 --recipe lesson --output none --model cnn --augment 'crop:40'
    expect_text crop
    printf '0 1\n' >weights
    expect 65 "$QUERN_BIN/quern-train" store.h5 --recipe lesson --output none --model cnn --class-weights weights
    printf '0 1\n1 x\n2 1\n3 1\n' >weights
    expect 65 "$QUERN_BIN/quern-train" store.h5 --recipe lesson --output none --model cnn --class-weights weights
    expect_text "weight of class '1'"
    expect_none none
}

diverging() {
    expect 65 "$QUERN_BIN/quern-train" store.h5 --recipe lesson --output diverging --epochs 2 \
        --layers 'dense:100 relu dense:100 relu' --learning-rate 1e6
    expect_text "not finite"
    expect_text "--learning-rate"
    expect_none diverging/epoch-0001.h5
    # Too small a step learns nothing: a warning.
    expect 0 "$QUERN_BIN/quern-train" store.h5 --recipe lesson --output still --epochs 2 --model mlp \
        --batch-size 50 --learning-rate 1e-9
    expect_text "not better than"
}

# other_configuration SETTING ASKED STORED OPTION...: does not go on in the folder `going`.
other_configuration() {
    setting=$1 asked=$2 stored=$3
    shift 3
    expect 65 "$QUERN_BIN/quern-train" store.h5 --recipe lesson --output going --resume "$@"
    expect_text "differs in $setting"
    expect_text "this run has $stored, you asked for $asked"
}

resumed() {
    expect 0 "$QUERN_BIN/quern-train" store.h5 --recipe lesson --output going --model mlp --hidden 8 --epochs 1
    other_configuration layers 'dense:9 relu' 'dense:8 relu' --model mlp --hidden 9 --epochs 2
    other_configuration layers 'dense:8 relu dropout:0.5' 'dense:8 relu' \
        --layers 'dense:8 relu dropout:0.5' --epochs 2
    other_configuration optimizer adamw sgd --model mlp --hidden 8 --optimizer adamw --epochs 2
    other_configuration schedule cosine none --model mlp --hidden 8 --schedule cosine --epochs 2
    other_configuration augment flip none --model mlp --hidden 8 --augment flip --epochs 2
    other_configuration average 0.5 none --model mlp --hidden 8 --average 0.5 --epochs 2
    expect 0 "$QUERN_BIN/quern-train" store.h5 --recipe lesson --output going --model mlp --hidden 8 --epochs 2 \
        --resume
    expect_text "going on after epoch 1"
    expect 0 "$QUERN_BIN/quern-train" store.h5 --recipe lesson --output at_once --layers '  dense:8  relu ' --epochs 2
    num_checks=$((num_checks + 1))
    cmp -s going/epoch-0002.h5 at_once/epoch-0002.h5 || fail "more epochs give other bytes"
    rm -rf going
    expect 0 "$QUERN_BIN/quern-train" store.h5 --recipe lesson --output going --model mlp --hidden 8 --epochs 1 \
        --schedule cosine
    other_configuration epochs 2 1 --model mlp --hidden 8 --schedule cosine --epochs 2
}

# same_for_threads STORE OPTION...: one thread and five leave the same last checkpoint.
same_for_threads() {
    rm -rf one five
    for threads in one:1 five:5; do
        expect 0 "$QUERN_BIN/quern-train" "$@" --recipe lesson --output "${threads%:*}" --threads "${threads#*:}" \
            --epochs 2
    done
    num_checks=$((num_checks + 1))
    cmp -s one/epoch-0002.h5 five/epoch-0002.h5 || fail "$*: threads decide"
}

shapes() {
    layers='conv:5:5:s2 norm relu res( norm relu conv:5 ) pool dropout:0.2 dense:40 norm relu'
    # One row, batches larger than the split, a last batch of one row; gradients that add up.
    for size in 1 1199 100000 31; do
        same_for_threads store.h5 --layers "$layers" --batch-size "$size" --accumulate 3 --clip-norm 0.1
    done
    for size in 8x8 9x31; do
        or_exit "$QUERN_BIN/quern-draw" "tree-$size" --classes 0,1 --train 37 --valid 3 --size "$size" --rgb
        or_exit "$QUERN_BIN/quern-ingest" "tree-$size" "store-$size.h5"
        same_for_threads "store-$size.h5" --layers "$layers" --batch-size 70 --optimizer adam
        same_for_threads "store-$size.h5" --model cnn --batch-size 33 --input standard
        same_for_threads "store-$size.h5" --layers 'norm' --batch-size 5 --loss mae
    done
}

frozen() {
    # Of the base's run, as it learnt.
    freeze='--init-from base --freeze conv1,norm1,conv2,norm2 --monitor valid_accuracy --patience 1'
    expect 0 train frozen-1 --threads 1 $freeze
    expect 0 train frozen-3 --threads 3 $freeze
    num_checks=$((num_checks + 1))
    cmp -s "$(last_of frozen-1)" "$(last_of frozen-3)" || fail "another number of threads differs"
    if command -v "${QUERN_MPIRUN:-mpirun}" >/dev/null; then
        launch="$here/../mpi/launch.sh 2" expect 0 train frozen-ranks --threads 1 $freeze
        num_checks=$((num_checks + 2))
        cmp -s "$(last_of frozen-1)" "$(last_of frozen-ranks)" || fail "two ranks differ"
        cmp -s frozen-1/best.h5 frozen-ranks/best.h5 || fail "two ranks have another best.h5"
    fi
    [ -n "${QUERN_PYTHON:-}" ] || return 0
    expect 0 "$QUERN_PYTHON" -c '
import sys, h5py, numpy
before, after = (h5py.File(path) for path in sys.argv[1:])
for layer, tensors in before["parameters"].items():
    same = all(numpy.array_equal(tensors[name], after["parameters"][layer][name]) for name in tensors)
    assert same == (layer in ("conv1", "norm1", "conv2", "norm2")), layer
' base/epoch-0003.h5 "$(last_of frozen-1)"
}

# last_of RUN: its newest checkpoint
last_of() {
    find "$1" -name 'epoch-*.h5' | sort | tail -n 1
}

find_lr() {
    expect 0 "$QUERN_BIN/quern-train" store.h5 --recipe lesson --model cnn --find-lr
    expect_text "suggestion: --learning-rate"
}

take_cases "$@"
need "$QUERN_BIN/quern-draw" "$QUERN_BIN/quern-ingest" "$QUERN_BIN/quern-train" \
    "$QUERN_BIN/quern-evaluate"
enter_work networks
or_exit "$QUERN_BIN/quern-draw" tree --classes 0,1,2,3 --train 300 --valid 100
or_exit "$QUERN_BIN/quern-ingest" tree store.h5
or_exit train base --threads 1
run_cases
