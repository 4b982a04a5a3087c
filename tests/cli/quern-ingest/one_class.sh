image dark tree/train/night/1.png
expect 65 quern-ingest tree store.h5
