make_tree tree
mkdir folder
expect 74 quern-ingest tree folder
expect 74 quern-ingest tree missing/store.h5
ls -A
