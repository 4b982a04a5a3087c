mkdir empty
expect 65 quern-ingest empty store.h5
mkdir empty/train
expect 65 quern-ingest empty store.h5
expect 65 quern-ingest --valid-fraction 0.2 empty/train store.h5
ls -A
