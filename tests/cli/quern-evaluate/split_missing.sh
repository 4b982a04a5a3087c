make_store store.h5
quern-train store.h5 --recipe lesson --output run --model nearest-mean >/dev/null
expect 65 quern-evaluate run/epoch-0001.h5 store.h5 --split test
