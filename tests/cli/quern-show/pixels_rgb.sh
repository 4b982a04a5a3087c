# A table for each channel.
image red tree/train/a/1.png
quern-ingest tree store.h5 --size 2x2 >log 2>&1
quern-show store.h5 --image train/0 --pixels
