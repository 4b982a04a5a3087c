make_store store.h5
quern-train store.h5 --recipe lesson --output run --model nearest-mean >/dev/null
image light tree/train/fog/1.png
quern-ingest tree more.h5 >/dev/null 2>&1
expect 65 quern-evaluate run/epoch-0001.h5 more.h5
quern-ingest --classes day,fog tree other.h5 >/dev/null 2>&1
expect 65 quern-evaluate run/epoch-0001.h5 other.h5
