#!/bin/sh
# The commands in a report lead to the store and the checkpoint of the report, byte for byte, and to a store of the same
# fingerprint where the source's files have other times: runs them where nothing
# but the source is, with runs of every kind of setting.  Needs $QUERN_BIN; skipped (77) without python3.
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/report/lib.sh
. "$here/lib.sh"

quiet quern-draw --classes 3,7,9 --train 120 --valid 20 --seed 5 'a source'
: >'a source/train/3/bad.png'
cp -rp 'a source/train' flat

# check RUN CHECKPOINT STORE: the same again from the report's commands.
check() {
    mkdir again
    quiet quern-evaluate "$2" "$3" --report report.html
    # A store says of its source's files when they were changed: with their times it is the same.
    cp -rp 'a source' flat again/
    python3 "$here/commands.py" report.html >again/commands.sh
    (cd again && quiet bash -eu commands.sh)
    cmp "$3" "again/$3"
    cmp "$2" "again/$2"
    cmp report.html again/report.html
    rm -r again
    echo "$1: the same again"
}

# fingerprint REPORT: of the store.
fingerprint() {
    sed -n 's/.*fingerprint of the store<[^>]*><[^>]*>\([0-9a-f]*\)<.*/\1/p' "$1"
}

# check_copied CHECKPOINT STORE: from a copy whose files have other times, as a download has.
check_copied() {
    mkdir again
    quiet quern-evaluate "$1" "$2" --report report.html
    cp -rp 'a source' again/
    find again -name '*.png' -exec touch -d '2001-02-03 04:05:06' {} +
    python3 "$here/commands.py" report.html >again/commands.sh
    (cd again && quiet bash -eu commands.sh)
    cmp "$1" "again/$1"
    test "$(fingerprint report.html)" = "$(fingerprint again/report.html)"
    fingerprint report.html | grep -qx '[0-9a-f]\{64\}'
    if cmp -s "$2" "again/$2"; then echo "the store has no times: the page may promise its bytes"; exit 1; fi
    rm -r again
    echo "a copy with other times: the same checkpoint, a store of the same fingerprint"
}

n=0
# one STORE OPTION...: trains a run and makes it again.
one() {
    n=$((n + 1))
    store=$1
    shift
    quiet quern-train "$store" --output "run $n" "$@"
    for last in "run $n"/epoch-*.h5; do :; done
    check "$*" "$last" "$store"
}

quiet quern-ingest --skip-bad --classes '9,3' 'a source' two.h5
one two.h5 --recipe lesson --epochs 3
check_copied 'run 1/epoch-0003.h5' two.h5
one two.h5 --model nearest-mean --distance l2
one two.h5 --model linear --optimizer sgd --nesterov --schedule step --step-epochs 1.3 --gamma 0.37 --epochs 4 \
    --weight-decay 0.001 --clip-norm 0.7 --accumulate 3 --batch-size 17
quiet quern-ingest --skip-bad --size 14x15 --fit pad --background ffa07a --channels rgb --valid-fraction 0.3 \
    --split-by content --seed 9 --deduplicate --compression-level 4 flat other.h5
one other.h5 --layers 'conv:4 norm relu pool dense:8 relu dropout:0.2' --epochs 3 --seed 12345678901 --patience 2 \
    --monitor valid_accuracy --class-weights balanced --label-smoothing 0.1 --average 0.9 --augment digits
one other.h5 --model mlp --hidden 9,8 --epochs 3 --schedule cosine --warmup 0.7 --shuffle window:2 --input unit \
    --init normal --init-std 0.05 --freeze dense1 --optimizer adam --beta2 0.98 --epsilon 1e-7 --learning-rate 3e-4
one other.h5 --layers ' ' --epochs 2 --schedule constant --warmup 1 --shuffle none --init glorot
