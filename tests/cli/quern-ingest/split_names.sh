make_tree tree
mv tree/valid tree/validation
image black tree/testing/night/1.png
image white tree/testing/day/1.png
quern-ingest tree store.h5
