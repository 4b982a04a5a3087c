# Where the scores of all samples do not fit, the areas are left out, and that is said; all else is
# the same.
quern-draw --classes 3,5,7 --train 10 --valid 20000 --size 8x8 digits >/dev/null
quern-ingest digits store.h5 >/dev/null 2>&1
quern-train store.h5 --recipe lesson --output run --epochs 1 >/dev/null
quern-evaluate run/epoch-0001.h5 store.h5 --threads 1 >whole.txt
least=1
until quern-evaluate run/epoch-0001.h5 store.h5 --threads 1 --memory-limit ${least}M >small.txt 2>note.txt; do
    least=$((least + 1))
done
grep -c 'ROC and PR areas are left out' note.txt
grep -c '^PR area, mean *-' small.txt
grep '^accuracy\|^Brier\|^calibration' whole.txt >whole.figures
grep '^accuracy\|^Brier\|^calibration' small.txt | cmp - whole.figures
# The limit that the note asks for is enough.
needed=$(sed -n 's/.*--memory-limit of \([0-9]*M\).*/\1/p' note.txt)
quern-evaluate run/epoch-0001.h5 store.h5 --threads 1 --memory-limit "$needed" | cmp - whole.txt
# An evaluation file has areas whatever the limit.
quern-evaluate run/epoch-0001.h5 store.h5 --threads 1 --memory-limit "$needed" --output a.h5 >/dev/null
quern-evaluate run/epoch-0001.h5 store.h5 --output b.h5 >/dev/null
cmp a.h5 b.h5
