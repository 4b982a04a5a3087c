# JPEG files are read beside PNG files, in any case of their extension, each by what it is and not by
# its name; the store records the library that decoded them, which a store without any does not.
make_tree tree
quern-ingest tree plain.h5
grep -q image_decoders plain.h5 && echo "plain.h5 names a library"
cp "$images/photo.jpg" tree/train/day/photo.JPG
cp "$images/photo.jpg" tree/train/night/photo.jpeg
cp "$images/photo.jpg" tree/valid/night/in_truth_a_jpeg.png
image dark tree/valid/day/in_truth_a_png.jpg
quern-ingest tree store.h5
grep -aq 'libjpeg' store.h5 || echo "store.h5 names no library"
quern-ingest tree store.h5
quern-ingest --verify tree store.h5
# Shards and archives give the same bytes and pixels.
for i in 1 2; do
    quern-ingest --shard $i/2 tree shard$i.h5 >/dev/null
done
quern-ingest --merge merged.h5 shard1.h5 shard2.h5 >/dev/null
cmp store.h5 merged.h5
tar -czf tree.tar.gz tree
quern-ingest tree.tar.gz archive.h5
# Colour ones make a colour store, unless gray is asked for.
cp "$images/colour.jpg" tree/train/day/red.jpg
quern-ingest tree colour.h5
quern-ingest --channels gray tree gray.h5
# A store of nothing else.
mkdir -p only/train/a only/train/b
cp "$images/photo.jpg" only/train/a/1.jpg
cp "$images/photo.jpg" only/train/b/1.jpg
quern-ingest only only.h5
