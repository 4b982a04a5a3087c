# Classes are known by their names.
make_store store.h5
quern-train store.h5 --recipe lesson --output run --model nearest-mean >/dev/null
quern-ingest --classes night,day tree turned.h5 >/dev/null
quern-evaluate run/epoch-0001.h5 turned.h5
