make_store store.h5
quern-train store.h5 --recipe lesson --output run --model nearest-mean >/dev/null
cp run/epoch-0001.h5 before.h5
expect 65 quern-ingest tree run/epoch-0001.h5
cmp run/epoch-0001.h5 before.h5
