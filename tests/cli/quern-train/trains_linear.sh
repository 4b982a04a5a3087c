make_store store.h5
quern-train store.h5 --recipe lesson --output run --epochs 3 --init zeros --learning-rate 1
ls -A run
