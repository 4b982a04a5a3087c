# Images of other formats are named with their number; where there is nothing else, by the error too.
make_tree tree
for name in 1.gif 2.GIF day/1.tiff day/2.bmp day/3.WebP; do
    echo >tree/train/day/"$(basename $name)"
done
echo >tree/photo.heic
quern-ingest tree store.h5
mkdir -p foreign/train/a foreign/train/b
echo >foreign/train/a/1.gif
echo >foreign/train/b/1.gif
expect 65 quern-ingest foreign store.h5
tar -cf foreign.tar foreign
expect 65 quern-ingest foreign.tar store.h5
