make_store store.h5
quern-train store.h5 --recipe lesson --output run --model nearest-mean >/dev/null
quern-evaluate run/epoch-0001.h5 store.h5 --output evaluation.h5 >/dev/null
quern-evaluate run/epoch-0001.h5 store.h5 --output again.h5 >/dev/null
cmp evaluation.h5 again.h5
cp run/epoch-0001.h5 checkpoint.h5
cp store.h5 store_before.h5
expect 2 quern-evaluate run/epoch-0001.h5 store.h5 --output store.h5
expect 2 quern-evaluate run/epoch-0001.h5 store.h5 --output run/../run/epoch-0001.h5
expect 74 quern-evaluate run/epoch-0001.h5 store.h5 --output missing/evaluation.h5
cmp run/epoch-0001.h5 checkpoint.h5
cmp store.h5 store_before.h5
ls -A
