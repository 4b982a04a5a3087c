# An index beyond the palette is no pixel that is certain.
make_tree tree
image beyond tree/train/day/beyond.png
expect 65 quern-ingest tree store.h5
quern-ingest --skip-bad tree store.h5
