# Allowed, with a note.
make_tree tree
rm -r tree/valid/day
quern-ingest tree store.h5
