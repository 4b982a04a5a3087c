#!/bin/sh
# Draws a small tree, runs the three stages, lets h5py read and check every dataset of every file,
# then rewrites store and checkpoint with h5repack and demands the same results from them.
# Needs $QUERN_BIN; skipped (77) without $QUERN_PYTHON (a python3 with h5py) or h5repack.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
[ -n "${QUERN_PYTHON:-}" ] || { echo "skipped: no python3 with h5py and numpy"; exit 77; }
command -v h5repack >/dev/null || { echo "skipped: no h5repack"; exit 77; }
PATH=$QUERN_BIN:$PATH
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

quern-draw --classes 1,3,7 --train 300 --valid 60 --test 20 tree
: >tree/train/1/empty.png
quern-ingest tree store.h5 --skip-bad
quern-train store.h5 --recipe lesson --output run --loss cross-entropy --momentum 0.9 --learning-rate 0.1 --epochs 3
quern-train store.h5 --recipe lesson --output means --model nearest-mean --distance l2
quern-evaluate run store.h5 --output evaluation.h5 --json >expected.json
"$QUERN_PYTHON" "$here/read_everything.py" store.h5 run/epoch-0003.h5 means/epoch-0001.h5 evaluation.h5

# name: h5repack's options.  Each rewritten pair must train and evaluate to the same figures.
repack_and_compare() {
    name=$1
    shift
    h5repack "$@" store.h5 "$name.h5"
    h5repack "$@" run/epoch-0003.h5 "$name-checkpoint.h5"
    quern-evaluate "$name-checkpoint.h5" "$name.h5" --json >"$name.json"
    "$QUERN_PYTHON" "$here/same_figures.py" expected.json "$name.json"
    quern-train "$name.h5" --recipe lesson --output "$name-run" --loss cross-entropy --momentum 0.9 \
        --learning-rate 0.1 --epochs 3 >/dev/null
    cmp run/epoch-0003.h5 "$name-run/epoch-0003.h5"
}
repack_and_compare plain -f NONE
repack_and_compare gzip9 -f GZIP=9
repack_and_compare shuffled -f SHUF -f GZIP=1
repack_and_compare contiguous -l CONTI
repack_and_compare newest -L
echo "h5py and h5repack agree with quern"
