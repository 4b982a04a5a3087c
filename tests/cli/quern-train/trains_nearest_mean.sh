make_store store.h5
quern-train store.h5 --recipe lesson --output run --model nearest-mean --distance l2
ls -A run
