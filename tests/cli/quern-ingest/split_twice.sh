make_tree tree
mkdir tree/val
expect 65 quern-ingest tree store.h5
