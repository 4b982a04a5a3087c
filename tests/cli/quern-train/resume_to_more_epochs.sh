make_store store.h5
quern-train store.h5 --recipe lesson --output run --epochs 2 >/dev/null
quern-train store.h5 --recipe lesson --output run --epochs 3 --resume
quern-train store.h5 --recipe lesson --output whole --epochs 3 >/dev/null
cmp run/epoch-0003.h5 whole/epoch-0003.h5
