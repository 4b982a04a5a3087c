make_store store.h5
quern-train store.h5 --recipe lesson --output first --epochs 2 >/dev/null
quern-train store.h5 --recipe lesson --output second --epochs 1 --init-from first/epoch-0002.h5 >/dev/null
ls -A second
# The same parameters from another file are the same run; others are not.
cp first/epoch-0002.h5 copy.h5
quern-train store.h5 --recipe lesson --output second --epochs 1 --init-from copy.h5
expect 65 quern-train store.h5 --recipe lesson --output second --epochs 1 --init-from first/epoch-0001.h5
