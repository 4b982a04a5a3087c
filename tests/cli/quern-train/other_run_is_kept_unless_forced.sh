make_store store.h5
quern-train store.h5 --recipe lesson --output run --epochs 2 >/dev/null
echo precious >run/notes.txt
cp run/epoch-0002.h5 before.h5
expect 65 quern-train store.h5 --recipe lesson --output run --epochs 1 --seed 2
cmp run/epoch-0002.h5 before.h5
quern-train store.h5 --recipe lesson --output run --epochs 1 --seed 2 --force >/dev/null
ls -A run
cat run/notes.txt
