make_store store.h5
quern-train store.h5 --recipe lesson --output run --epochs 1 >/dev/null
cp store.h5 run/epoch-0002.h5
expect 65 quern-evaluate run store.h5
