# More classes than a matrix has room for: the worst ones, and the most frequent confusions.  Scores that are distances
# have no calibration.
i=10
while [ $i -lt 45 ]; do
    for name in black light; do
        image $name "tree/train/c$i/$name.png"
    done
    image dark "tree/valid/c$i/1.png"
    i=$((i + 1))
done
image black tree/valid/c10/2.png
quern-ingest tree store.h5 >/dev/null 2>&1
quern-train store.h5 --output run --recipe lesson --model nearest-mean >/dev/null 2>&1
quern-evaluate run store.h5 --output evaluation.h5 >/dev/null 2>&1
quern-show evaluation.h5
echo "---- mistakes by distances"
quern-show evaluation.h5 --mistakes --count 2 2>/dev/null | tail -n 3
