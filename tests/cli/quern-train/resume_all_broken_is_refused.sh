make_store store.h5
mkdir run
: >run/epoch-0001.h5
expect 65 quern-train store.h5 --recipe lesson --output run --resume
ls -A run
