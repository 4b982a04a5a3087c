# What is left cannot be told from another program's file.
make_store store.h5
cp store.h5 old.h5
head -c 2000 old.h5 >store.h5
expect 65 quern-ingest tree store.h5
quern-ingest --force tree store.h5
cmp store.h5 old.h5
