#!/bin/sh
# The programs against float64.py on drawn digits.  Needs $QUERN_BIN; skipped (77) without
# $QUERN_PYTHON, a python3 with h5py and numpy.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
[ -n "${QUERN_PYTHON:-}" ] || { echo "skipped: no python3 with h5py and numpy"; exit 77; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

"$QUERN_BIN/quern-draw" "$work/tree"
"$QUERN_BIN/quern-ingest" "$work/tree" "$work/store.h5" --classes 7,3
"$QUERN_PYTHON" "$here/float64.py" "$work/store.h5" "$QUERN_BIN" "$work"
