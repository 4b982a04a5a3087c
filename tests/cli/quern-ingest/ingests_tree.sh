make_tree tree
quern-ingest tree store.h5
ls -A
