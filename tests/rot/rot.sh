#!/bin/sh
# Makes files of every kind with the programs, damages them in every way and reads them.
#
# Usage: rot.sh [--full] BIN_DIR ROT_PROGRAM
#
# Sealed stores, checkpoints and evaluations are damaged at every byte and cut to every length, a
# large store at a sample; a shard at a sample, with --full at every byte, as are files rewritten by h5repack, which have no seal, and a store whose
# seal is not verified: there a result that differs fails the test, and deaths inside HDF5 are
# counted; of a rewritten evaluation, whose scores have no checksum, deaths fail it.
# Exit status: 0 passed, 1 not, 77 h5repack is missing.
set -eu

step=13
if [ "${1:-}" = --full ]; then
    step=1
    shift
fi
[ $# -eq 2 ] || {
    sed -n 's/^# Usage/Usage/p' "$0" >&2
    exit 2
}
PATH=$(CDPATH='' cd -- "$1" && pwd):$PATH
rot=$(CDPATH='' cd -- "$(dirname -- "$2")" && pwd)/$(basename -- "$2")
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"

failed=no
check() {
    "$rot" "$@" || failed=yes
}

# damage FILE OFFSET COPY: a copy with one byte overwritten by its complement.
damage() {
    cp "$1" "$3"
    byte=$(od -An -tu1 -j "$2" -N 1 "$1")
    # The format is the byte itself.
    # shellcheck disable=SC2059
    printf "\\$(printf %03o $((255 - byte)))" |
        dd of="$3" bs=1 seek="$2" conv=notrunc 2>/dev/null
}

# refuses FILE COMMAND...: the command ends with 65 and names the file.
refuses() {
    file=$1
    shift
    code=0
    "$@" >out 2>err || code=$?
    if [ "$code" -ne 65 ] || ! grep -q "$file" err; then
        echo "$*: ended with $code, and said:"
        cat err
        failed=yes
    fi
}

quern-draw --train 12 --valid 6 digits >/dev/null 2>&1
quern-ingest digits store.h5 >/dev/null 2>&1
quern-train store.h5 --recipe lesson --output run --epochs 2 --momentum 0.9 >/dev/null 2>&1
quern-train store.h5 --recipe lesson --output mean --model nearest-mean >/dev/null 2>&1
quern-train store.h5 --recipe lesson --output network --layers 'conv:2:5:s3 norm relu avgpool' --optimizer adam \
    --average 0.9 --epochs 1 >/dev/null 2>&1
quern-evaluate run store.h5 --output evaluation.h5 >/dev/null 2>&1
quern-ingest digits shard1.h5 --shard 1/2 >/dev/null 2>&1
quern-draw --train 3000 --valid 300 many >/dev/null 2>&1
quern-ingest many large.h5 >/dev/null 2>&1

check store store.h5
check checkpoint run/epoch-0002.h5
check checkpoint mean/epoch-0001.h5
check checkpoint network/epoch-0001.h5
check evaluation evaluation.h5
check store large.h5 10007
check store-unverified store.h5 "$step"
check shard shard1.h5 "$step"

# The programs themselves.
for tenth in 0 1 2 3 4 5 6 7 8 9; do
    damage store.h5 $(($(wc -c <store.h5) * tenth / 10)) damaged-store.h5
    refuses damaged-store.h5 quern-train damaged-store.h5 --recipe lesson --output never
    refuses damaged-store.h5 quern-evaluate run/epoch-0002.h5 damaged-store.h5
    damage run/epoch-0002.h5 $(($(wc -c <run/epoch-0002.h5) * tenth / 10)) damaged-checkpoint.h5
    refuses damaged-checkpoint.h5 quern-evaluate damaged-checkpoint.h5 store.h5
done
[ ! -e never ] || {
    echo "a run was begun with a damaged store"
    failed=yes
}

command -v h5repack >/dev/null || {
    echo "skipped the rest: no h5repack"
    [ "$failed" = no ] || exit 1
    exit 77
}
h5repack store.h5 store-repacked.h5
h5repack run/epoch-0002.h5 checkpoint-repacked.h5
h5repack evaluation.h5 evaluation-repacked.h5
check store store-repacked.h5 "$step"
check checkpoint checkpoint-repacked.h5 "$step"
check evaluation-rewritten evaluation-repacked.h5 "$step"
[ "$failed" = no ]
