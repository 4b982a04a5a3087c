make_tree tree
image wide tree/train/day/wide.png
image wide tree/valid/night/wide.png
expect 65 quern-ingest tree store.h5
expect 65 quern-ingest --skip-bad tree store.h5
ls -A
quern-ingest --size 5x3 tree store.h5
