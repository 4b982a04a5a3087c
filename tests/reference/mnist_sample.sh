#!/bin/sh
# The lesson on its own data: known counts, sums and accuracies; float64.py; ten seeds; equal bytes
# for 1, 2, 3 and 7 threads, for every instruction set of this CPU, and after a stop and --resume.
# $QUERN_MNIST_SAMPLE names the archive (mnist_sample.tar.gz) or the unpacked folder; skipped (77)
# without it or without $QUERN_PYTHON.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
[ -n "${QUERN_MNIST_SAMPLE:-}" ] || { echo "skipped: QUERN_MNIST_SAMPLE is not set"; exit 77; }
[ -n "${QUERN_PYTHON:-}" ] || { echo "skipped: no python3 with h5py and numpy"; exit 77; }
PATH=$QUERN_BIN:$PATH
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

tree=$QUERN_MNIST_SAMPLE
if [ -f "$tree" ]; then
    mkdir "$work/unpacked"
    tar -xf "$tree" -C "$work/unpacked"
    tree=$work/unpacked/mnist_sample
fi
cd "$work"
quern-ingest "$tree" store.h5 --classes 7,3
"$QUERN_PYTHON" "$here/float64.py" store.h5 "$QUERN_BIN" .
"$QUERN_PYTHON" "$here/mnist_sample.py" "$tree" store.h5 "$QUERN_BIN"

train() { # train RUN_DIR SEED OPTION...
    run=$1 seed=$2
    shift 2
    quern-train store.h5 --recipe lesson --output "$run" --model linear --loss mae --init normal --shuffle full \
        --learning-rate 1 --batch-size 256 --epochs 20 --seed "$seed" "$@" >/dev/null
}
for seed in 1 2 3 4 5 6 7 8 9 10; do
    train "seed-$seed" "$seed" --threads 1
    for threads in 2 3 7; do
        train other "$seed" --threads $threads --force
        cmp "seed-$seed/epoch-0020.h5" other/epoch-0020.h5
    done
    # As if stopped in the middle: what epoch 12 had written is there, the rest is not.
    for epoch in 13 14 15 16 17 18 19 20; do rm "other/epoch-00$epoch.h5"; done
    train other "$seed" --threads 2 --resume
    cmp "seed-$seed/epoch-0020.h5" other/epoch-0020.h5
    quern-evaluate "seed-$seed" store.h5 --json 2>/dev/null >"seed-$seed.json"
    "$QUERN_PYTHON" -c "
import json
accuracy = json.load(open('seed-$seed.json'))['accuracy']
print('seed $seed: valid accuracy %.4f' % accuracy)
assert accuracy >= 0.965"
done
for cpu in baseline avx2 avx512; do
    QUERN_CPU=$cpu train other 1 --force 2>/dev/null || continue # this CPU has none of it
    cmp seed-1/epoch-0020.h5 other/epoch-0020.h5
    echo "$cpu: the same bytes"
done
