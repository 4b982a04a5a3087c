# Of valid/day, one image is as dark as the nights.
make_store store.h5
quern-train store.h5 --recipe lesson --output run --model nearest-mean >/dev/null
quern-evaluate run store.h5
quern-evaluate run/epoch-0001.h5 store.h5 --split train
