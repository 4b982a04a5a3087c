# The same intervals on any number of threads, others of another seed.
make_store store.h5
quern-train store.h5 --recipe lesson --output run --epochs 1 --learning-rate 0.01 >/dev/null
quern-evaluate run/epoch-0001.h5 store.h5 --bootstrap 200 --threads 1
quern-evaluate run/epoch-0001.h5 store.h5 --bootstrap 200 --threads 1 --json >one.json
quern-evaluate run/epoch-0001.h5 store.h5 --bootstrap 200 --threads 3 --json | cmp one.json -
quern-evaluate run/epoch-0001.h5 store.h5 --bootstrap 200 --seed 2 --json | cmp -s one.json - &&
    echo "another seed, but the same intervals"
grep -o '"bootstrap":.*"macro"' one.json
expect 2 quern-evaluate run/epoch-0001.h5 store.h5 --bootstrap 5
expect 2 quern-evaluate run/epoch-0001.h5 store.h5 --seed 2
