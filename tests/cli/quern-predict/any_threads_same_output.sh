# OpenMP may deliver fewer threads than are asked for.
quern-draw --size 20x20 --rgb --train 20 --valid 200 digits >/dev/null
quern-ingest digits store.h5 >/dev/null
quern-train store.h5 --recipe lesson --output run --epochs 1 >/dev/null
OMP_NUM_THREADS=1 quern-predict run/epoch-0001.h5 digits >one.csv
quern-predict run/epoch-0001.h5 digits --threads 1 --output one.h5
for limit in 1 2 3; do
    OMP_THREAD_LIMIT=$limit quern-predict run/epoch-0001.h5 digits --threads 4 >many.csv
    cmp one.csv many.csv
    OMP_THREAD_LIMIT=$limit quern-predict run/epoch-0001.h5 digits --threads 4 --output many.h5
    cmp one.h5 many.h5
done
