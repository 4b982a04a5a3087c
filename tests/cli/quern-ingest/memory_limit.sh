# What does not fit is refused before anything is written; what fits is the same store.
quern-draw --classes 0,1,2,3,4,5,6,7 --train 3 --valid 1 --size 256x256 --rgb digits >/dev/null
expect 2 quern-ingest --memory-limit 20M digits store.h5
expect 2 quern-ingest --memory-limit 100K digits store.h5
expect 2 quern-ingest --shard 1/2 --memory-limit 40M digits shard.h5
ls
quern-ingest --threads 2 --io-threads 200 --memory-limit 80M digits store.h5
quern-ingest --threads 2 digits expected.h5 | tail -n 1
cmp store.h5 expected.h5
quern-ingest --shard 1/1 digits shard.h5 | tail -n 1
expect 2 quern-ingest --merge --memory-limit 30M merged.h5 shard.h5
quern-ingest --merge --memory-limit 100M merged.h5 shard.h5
cmp merged.h5 expected.h5
quern-ingest --size 9x9 --threads 1 --memory-limit 30M digits small.h5 | tail -n 1
