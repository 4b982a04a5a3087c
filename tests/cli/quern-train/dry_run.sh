make_store store.h5
quern-train store.h5 --recipe lesson --output run --epochs 3 --dry-run
[ ! -e run ]
expect 74 quern-train nowhere.h5 --recipe lesson --output run --dry-run
quern-train store.h5 --recipe lesson --output run --epochs 1 >/dev/null
expect 65 quern-train store.h5 --recipe lesson --output run --epochs 1 --seed 2 --dry-run
quern-train store.h5 --recipe lesson --output run --epochs 2 --resume --dry-run
ls -A run
