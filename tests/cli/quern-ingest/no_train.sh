make_tree tree
expect 2 quern-ingest tree/train store.h5
# One split is enough, but not to train.
mv tree/train tree/elsewhere
rm -r tree/elsewhere
mv tree/valid tree/Testing
quern-ingest tree store.h5
expect 65 quern-train --output run store.h5
ls -A
