# An image is as high and wide as it is meant to be seen.
for class in a b; do
    mkdir -p tree/train/$class
    cp "$images/turned.jpg" tree/train/$class/1.jpg
done
quern-ingest tree store.h5
image black tree/train/a/2.png
expect 65 quern-ingest tree store.h5
