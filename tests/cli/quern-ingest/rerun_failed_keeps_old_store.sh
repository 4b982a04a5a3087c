make_store store.h5
cp store.h5 old.h5
image jpeg tree/train/day/photo.png
expect 65 quern-ingest tree store.h5
cmp store.h5 old.h5
ls -A
