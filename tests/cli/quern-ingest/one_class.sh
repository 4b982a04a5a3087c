image dark tree/train/night/1.png
image black tree/valid/night/1.png
quern-ingest tree store.h5
expect 65 quern-train --output run store.h5
