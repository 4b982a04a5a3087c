make_tree tree
image dark tree/train/Day/1.png
quern-ingest tree store.h5
mv tree/train/Day tree/valid/DAY
expect 65 quern-ingest tree store.h5
mv tree/valid/DAY "tree/valid/$(printf 'cafe\314\201')"
mkdir "tree/train/$(printf 'caf\303\251')"
image dark "tree/train/$(printf 'caf\303\251')/1.png"
expect 65 quern-ingest tree store.h5
