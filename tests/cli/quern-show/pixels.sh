# The numbers; a window of them where they do not fit, or as asked for.
quern-draw tree --train 2 --valid 1 --classes 3 >draw.log 2>&1
quern-ingest tree store.h5 >log 2>&1
quern-show store.h5 --image train/1 --pixels
quern-show store.h5 --image train/1 --pixels --rows 10:14 --columns :6
quern-show store.h5 --image train/1 --pixels --rows 4:6 --columns 8:11 --colour 24bit | sed 's/\x1b/ESC/g'
expect 2 quern-show store.h5 --image train/1 --pixels --rows 4
expect 2 quern-show store.h5 --image train/1 --pixels --rows 4:4
expect 2 quern-show store.h5 --image train/1 --pixels --columns 4:29
