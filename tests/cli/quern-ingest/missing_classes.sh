# One line a split, whatever the number of classes.
i=0
while [ $i -lt 12 ]; do
    image dark "tree/train/c$i/1.png"
    i=$((i + 1))
done
image dark tree/valid/c0/1.png
i=0
while [ $i -lt 9 ]; do
    image dark "tree/test/c$i/1.png"
    i=$((i + 1))
done
quern-ingest tree store.h5
