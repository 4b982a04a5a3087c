make_tree tree
for name in 1 2; do image light tree/train/fog/$name.png; done
image light tree/valid/fog/1.png
quern-ingest tree store.h5 >/dev/null
quern-train store.h5 --recipe lesson --output run --loss cross-entropy --init zeros --epochs 2
