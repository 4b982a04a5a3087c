make_store store.h5
quern-train store.h5 --recipe lesson --output run --epochs 2 --init zeros >/dev/null
: >run/epoch-0003.h5
quern-evaluate run store.h5 | head -n 1
