[ -w /dev/full ] || skip "no /dev/full"
make_store store.h5
quern-train store.h5 --recipe lesson --output run --model nearest-mean >/dev/null
expect 74 quern-evaluate run/epoch-0001.h5 store.h5 >/dev/full
expect 74 quern-evaluate run/epoch-0001.h5 store.h5 --json >/dev/full
