# OpenMP may deliver fewer threads than are asked for; a store is written and known again all the same.
quern-draw --train 150 --valid 10 --size 200x200 --rgb digits >/dev/null
quern-ingest --threads 4 digits expected.h5 >/dev/null
for limit in 1 2 3; do
    OMP_THREAD_LIMIT=$limit quern-ingest --threads 4 --io-threads 5 digits limited.h5 >/dev/null
    cmp limited.h5 expected.h5
    for _ in 1 2 3 4 5 6; do
        OMP_THREAD_LIMIT=$limit quern-ingest --threads 4 digits limited.h5 | tail -n 1 | grep -o 'is up to date'
    done | sort | uniq -c
    rm limited.h5
done
OMP_DYNAMIC=true quern-ingest --threads 64 --io-threads 128 digits dynamic.h5 >/dev/null
cmp dynamic.h5 expected.h5
OMP_DYNAMIC=true OMP_THREAD_LIMIT=3 quern-ingest --threads 64 --verify digits dynamic.h5 | tail -n 1
OMP_THREAD_LIMIT=2 quern-draw --threads 5 --train 150 --valid 10 --size 200x200 --rgb limited >/dev/null
diff -r digits limited
