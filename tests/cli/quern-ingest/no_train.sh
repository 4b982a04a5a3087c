make_tree tree
expect 2 quern-ingest tree/train store.h5
mv tree/train tree/elsewhere
expect 65 quern-ingest tree store.h5
