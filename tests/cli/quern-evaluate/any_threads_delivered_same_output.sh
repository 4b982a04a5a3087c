# OpenMP may deliver fewer threads than are asked for.  The store has many blocks of the seal's sum.
quern-draw --size 96x96 --rgb --train 20 --valid 400 digits >/dev/null
quern-ingest digits store.h5 >/dev/null
quern-train store.h5 --recipe lesson --output run --epochs 1 >/dev/null
quern-evaluate run/epoch-0001.h5 store.h5 --json --threads 1 --output one.h5 >one.json
for limit in 1 2 3 3 3; do
    for dynamic in true false; do
        OMP_THREAD_LIMIT=$limit OMP_DYNAMIC=$dynamic \
            quern-evaluate run/epoch-0001.h5 store.h5 --json --threads 4 --output many.h5 >many.json
        cmp one.json many.json
        cmp one.h5 many.h5
    done
done
