# Does nothing: the store keeps even its time.
make_store store.h5
touch -t 202001020304 store.h5
touch -t 202001020305 later
quern-ingest --threads 1 tree store.h5
find . -newer later -name store.h5
