make_store store.h5
image light tree/train/day/new.png
quern-ingest tree store.h5
rm tree/train/day/new.png
quern-ingest tree store.h5
# As long as before, so that the time alone tells.
image light tree/train/day/1.png
touch -t 202001020304 tree/train/day/1.png
quern-ingest tree store.h5
