# Drawn by the seed, all where there are no more, one class, and what fits side by side.
quern-draw tree --train 20 --valid 1 --classes 0,1,2 >draw.log 2>&1
quern-ingest tree store.h5 >log 2>&1
quern-show store.h5 --grid 2x2 | grep -E '^[0-9]+ '
quern-show store.h5 --grid 2x2 --seed 2 | grep -E '^[0-9]+ '
quern-show store.h5 --grid 1x3 --class 2 --scale 1
quern-show store.h5 --grid 9x9 --class 0 --split valid | head -n 1
COLUMNS=30 quern-show store.h5 --grid 1x3 >narrow
wc -l <narrow
expect 2 quern-show store.h5 --grid 2x2 --class 7
expect 2 quern-show store.h5 --grid 2x2 --split test
