make_store store.h5
quern-train store.h5 --recipe lesson --output run --epochs 1 --init zeros --resume
ls -A run
