make_store store.h5
quern-train store.h5 --recipe lesson --output run --epochs 1 >/dev/null
touch -t 202001020304 run/*
touch -t 202001020305 later
quern-train store.h5 --recipe lesson --output run --epochs 1 --resume
quern-train store.h5 --recipe lesson --output run --epochs 1
quern-train store.h5 --recipe lesson --output means --model nearest-mean >/dev/null
quern-train store.h5 --recipe lesson --output means --model nearest-mean
find run -name '*.*' -newer later
