# Transparent files, of 16 bits, of other sizes and channels have exactly the scores of their rows,
# as the checkpoint says how those were made.
python=${QUERN_PYTHON:-/usr/bin/python3}
"$python" -c 'import h5py, numpy' 2>/dev/null || skip "no python3 with h5py"
make_tree tree
for split in train valid; do
    image glass tree/$split/day/glass.png
    image sensor tree/$split/day/sensor.png
    image red tree/$split/night/red.png
    image wide tree/$split/night/wide.png
done
for options in "--size 3x5 --fit stretch --background white --range auto" \
    "--size 3x5 --fit pad --background 20ff80 --range 100:2900" \
    "--size 3x5 --fit crop --background black --range 0:65535" \
    "--size 9x7 --fit pad --background white --range 0:4095 --channels gray"; do
    rm -rf run
    # shellcheck disable=SC2086 # options
    quern-ingest $options tree store.h5 >/dev/null 2>&1
    quern-train store.h5 --output run --layers "conv:2 relu dense:4 relu" --epochs 2 >/dev/null 2>&1
    quern-evaluate run/epoch-0002.h5 store.h5 --output evaluation.h5 >/dev/null
    quern-predict run/epoch-0002.h5 tree/valid --output predictions.h5 2>/dev/null
    "$python" -c '
import h5py
evaluation, predictions = h5py.File("evaluation.h5"), h5py.File("predictions.h5")
assert [p[5:] for p in predictions["paths"][:]] == list(evaluation["samples/paths"][:])
scores = predictions["scores"][:]
assert scores.tobytes() == evaluation["samples/scores"][:].tobytes()
print(len(scores), "rows", len(set(map(bytes, scores))), "scores,", dict(h5py.File("store.h5")["preprocessing"].attrs)["range"].decode())'
    rm evaluation.h5 predictions.h5
done
# A model of images that were all opaque does not guess what lies behind one that is not.
rm tree/*/day/glass.png
quern-ingest --size 4x4 --range 0:4095 tree opaque.h5 >/dev/null 2>&1
quern-train opaque.h5 --output opaque --model nearest-mean >/dev/null
image glass glass.png
image wide wide.png
expect 65 quern-predict opaque/epoch-0001.h5 glass.png wide.png
