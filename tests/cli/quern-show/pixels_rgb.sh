# A table for each channel, side by side where there is room.
image red tree/train/a/1.png
quern-ingest tree store.h5 --size 2x2 >log 2>&1
quern-show store.h5 --image train/0 --pixels
echo "---- a terminal with room for one"
COLUMNS=28 quern-show store.h5 --image train/0 --pixels
