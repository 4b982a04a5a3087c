# Zero parameters call all classes equally likely.
make_store store.h5
quern-train store.h5 --recipe lesson --output run --epochs 1 --init zeros --loss cross-entropy >/dev/null
quern-evaluate run/epoch-0000.h5 store.h5
