make_store store.h5
quern-train store.h5 --recipe lesson --output run --model nearest-mean >/dev/null
quern-ingest --size 2x8 tree flat.h5 >/dev/null
expect 65 quern-evaluate run/epoch-0001.h5 flat.h5
quern-ingest --channels rgb tree colour.h5 >/dev/null
expect 65 quern-evaluate run/epoch-0001.h5 colour.h5
