make_store store.h5
quern-train store.h5 --recipe lesson --output means --model nearest-mean >/dev/null
expect 65 quern-train store.h5 --recipe lesson --output run --init-from means/epoch-0001.h5
quern-train store.h5 --recipe lesson --output linear --epochs 1 >/dev/null
quern-ingest --classes night,day tree turned.h5 >/dev/null
expect 65 quern-train turned.h5 --recipe lesson --output run --init-from linear/epoch-0001.h5
quern-ingest --size 2x2 tree small.h5 >/dev/null
expect 65 quern-train small.h5 --recipe lesson --output run --init-from linear/epoch-0001.h5
expect 74 quern-train store.h5 --recipe lesson --output run --init-from nowhere.h5
expect 65 quern-train store.h5 --recipe lesson --output run --init-from store.h5
[ ! -e run ]
