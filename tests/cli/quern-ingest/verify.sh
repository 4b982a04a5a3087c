make_store store.h5
touch tree/train/day/1.png
quern-ingest --verify tree store.h5
# The same size and time, other contents.
touch -r tree/train/day/2.png time
cp "$images/dark.png" tree/train/day/2.png
touch -r time tree/train/day/2.png
quern-ingest --verify tree store.h5
