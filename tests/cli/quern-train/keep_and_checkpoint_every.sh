make_store store.h5
quern-train store.h5 --recipe lesson --output every --epochs 5 --checkpoint-every 2 >/dev/null
ls -A every
quern-train store.h5 --recipe lesson --output keep --epochs 5 --keep 2 >/dev/null
ls -A keep
cmp every/epoch-0005.h5 keep/epoch-0005.h5
