expect 74 quern-ingest nowhere store.h5
echo file >file
expect 65 quern-ingest file store.h5
ls -A
