make_tree in/set
image dark in/docs/picture.png
expect 2 quern-ingest in store.h5
rm in/docs/picture.png
expect 65 quern-ingest in store.h5
