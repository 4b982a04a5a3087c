make_tree tree
rm -r tree/valid
quern-ingest tree store.h5 >/dev/null 2>&1
quern-train store.h5 --recipe lesson --output run --epochs 1 --init zeros
