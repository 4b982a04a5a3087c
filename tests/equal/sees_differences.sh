#!/bin/sh
# run.py finds a build that trains otherwise, and passes over what only one build has.
# Needs $QUERN_BIN and $QUERN_PYTHON; skipped (77) without the latter.
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
[ -n "${QUERN_PYTHON:-}" ] || { echo "skipped: no python3 with h5py and numpy"; exit 77; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
unset QUERN_MNIST_SAMPLE

# expect CODE TEXT CASE: how the comparison with the build in $work/bin ends, and what it says.
expect() {
    code=0
    "$QUERN_PYTHON" "$here/run.py" --only "$3" "$QUERN_BIN" "$work/bin" >"$work/log" || code=$?
    if [ "$code" -ne "$1" ] || ! grep -q "$2" "$work/log"; then
        echo "$3: ended with $code instead of $1, or did not say '$2':"
        cat "$work/log"
        exit 1
    fi
}

mkdir "$work/bin"
ln -s "$QUERN_BIN"/quern-* "$work/bin"
expect 0 'run.*equal' 'nearest mean, l1'
expect 0 'files.*equal' zip

# Another build, which begins elsewhere.
rm "$work/bin/quern-train"
printf '#!/bin/sh\nexec "%s/quern-train" "$@" --seed 9\n' "$QUERN_BIN" >"$work/bin/quern-train"
chmod +x "$work/bin/quern-train"
expect 1 'run/epoch-0000.h5 differs' 'mae, four classes'

# Without --seed in its help, a case with that option is none for it.
printf '#!/bin/sh\n"%s/quern-train" "$@" | grep -v -e --seed\n' "$QUERN_BIN" >"$work/bin/quern-train"
expect 0 'skipped: .* has no quern-train --seed' windows
rm "$work/bin/quern-train"
expect 0 'skipped: .* has no quern-train' windows
echo "differences are seen"
