make_store store.h5
touch -t 202001020304 store.h5
touch -t 202001020305 later
quern-ingest --force tree store.h5
find . -newer later -name store.h5
