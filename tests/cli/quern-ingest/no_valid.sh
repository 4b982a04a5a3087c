make_tree tree
rm -r tree/valid
quern-ingest tree store.h5
