make_tree tree
image wide tree/train/day/wide.png
expect 65 quern-ingest --max-pixels 16 tree store.h5
quern-ingest --max-pixels 16 --skip-bad tree store.h5
