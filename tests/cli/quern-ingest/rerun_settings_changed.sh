make_store store.h5
quern-ingest --channels rgb tree store.h5
quern-ingest --channels rgb --size 2x2 tree store.h5
quern-ingest --classes night,day --compression-level 9 tree store.h5
