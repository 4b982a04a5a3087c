make_tree tree
image dark tree/valid/fog/1.png
expect 65 quern-ingest tree store.h5
ls -A
