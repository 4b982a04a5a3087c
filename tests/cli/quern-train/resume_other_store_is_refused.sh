make_store store.h5
quern-train store.h5 --recipe lesson --output run --epochs 1 >/dev/null
image light tree/train/day/new.png
quern-ingest tree store.h5 >/dev/null 2>&1
expect 65 quern-train store.h5 --recipe lesson --output run --epochs 2 --resume
ls -A run
