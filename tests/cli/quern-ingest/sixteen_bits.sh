make_tree tree
image sensor tree/train/night/sensor.png
expect 65 quern-ingest tree store.h5
ls -A
quern-ingest --range auto tree store.h5
quern-ingest --range 0:4095 tree store.h5
quern-ingest --range 0:65535 tree store.h5
rm tree/train/night/sensor.png
quern-ingest --range auto tree none.h5
expect 2 quern-ingest --range 7:7 tree store.h5
expect 2 quern-ingest --range auto --shard 1/2 tree shard.h5
