# More epochs of a finished run, without --resume, whose schedule does not depend on its length.
make_store store.h5
quern-train store.h5 --recipe lesson --output run --epochs 2 >/dev/null
quern-train store.h5 --recipe lesson --output run --epochs 3
quern-train store.h5 --recipe lesson --output whole --epochs 3 >/dev/null
cmp run/epoch-0003.h5 whole/epoch-0003.h5
# One-cycle is another run with another number of epochs.
quern-train store.h5 --output cycle --epochs 2 >/dev/null
expect 65 quern-train store.h5 --output cycle --epochs 3
expect 65 quern-train store.h5 --output cycle --epochs 2 --learning-rate .1
