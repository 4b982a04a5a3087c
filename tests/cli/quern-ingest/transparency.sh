make_tree tree
image glass tree/train/night/glass.png
image glass tree/valid/night/glass.png
image opaque tree/train/night/opaque.png
expect 65 quern-ingest tree store.h5
expect 65 quern-ingest --skip-bad tree store.h5
ls -A
quern-ingest --background white tree store.h5
quern-ingest --background ffffff tree store.h5
quern-ingest --background 102030 tree store.h5
# Without what has to be seen through, the alpha channel is no more than that.
rm tree/*/night/glass.png
quern-ingest tree opaque.h5
expect 2 quern-ingest --background grey tree store.h5
