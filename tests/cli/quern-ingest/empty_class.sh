make_tree tree
mkdir tree/train/fog
expect 65 quern-ingest tree store.h5
ls -A
