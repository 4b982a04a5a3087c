make_store store.h5
quern-train store.h5 --recipe lesson --output run --model nearest-mean >/dev/null
expect 74 quern-evaluate nowhere.h5 store.h5
expect 74 quern-evaluate run/epoch-0001.h5 nowhere.h5
expect 65 quern-evaluate store.h5 store.h5
expect 65 quern-evaluate run/epoch-0001.h5 run/epoch-0001.h5
: >empty.h5
expect 65 quern-evaluate empty.h5 store.h5
expect 65 quern-evaluate run/epoch-0001.h5 empty.h5
head -c 3000 run/epoch-0001.h5 >truncated.h5
expect 65 quern-evaluate truncated.h5 store.h5
mkdir no_checkpoints
expect 65 quern-evaluate no_checkpoints store.h5
