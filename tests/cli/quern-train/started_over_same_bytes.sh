# Without --resume a run that was cut short begins anew.
make_store store.h5
quern-train store.h5 --recipe lesson --output whole --epochs 3 >/dev/null
mkdir run
cp whole/epoch-0000.h5 whole/epoch-0001.h5 run
quern-train store.h5 --recipe lesson --output run --epochs 3
cmp run/epoch-0003.h5 whole/epoch-0003.h5
