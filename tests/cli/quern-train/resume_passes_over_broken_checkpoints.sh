make_store store.h5
quern-train store.h5 --recipe lesson --output whole --epochs 3 >/dev/null
mkdir run
cp whole/epoch-0000.h5 whole/epoch-0001.h5 run
head -c 1000 whole/epoch-0002.h5 >run/epoch-0002.h5
: >run/epoch-0003.h5
quern-train store.h5 --recipe lesson --output run --epochs 3 --resume
cmp run/epoch-0003.h5 whole/epoch-0003.h5
