# Where the scores of all samples do not fit, the areas are left out, and that is said; all else is
# the same.  120,000 images of 2x2 and three classes, as MNIST's files have them.
mkdir files
{
    printf '\0\0\10\3\0\0\0\36\0\0\0\2\0\0\0\2'
    yes aAbBc | head -c 120
} >files/train-images-idx3-ubyte
{
    printf '\0\0\10\1\0\0\0\36'
    yes ab | tr 'ab\n' '\0\1\2' | head -c 30
} >files/train-labels-idx1-ubyte
{
    printf '\0\0\10\3\0\1\324\300\0\0\0\2\0\0\0\2'
    yes aAbBcCd | head -c 480000
} >files/t10k-images-idx3-ubyte
{
    printf '\0\0\10\1\0\1\324\300'
    yes ab | tr 'ab\n' '\0\1\2' | head -c 120000
} >files/t10k-labels-idx1-ubyte
quern-ingest files store.h5 >/dev/null 2>&1
quern-train store.h5 --recipe lesson --output run --epochs 1 >/dev/null
evaluate() {
    quern-evaluate run/epoch-0001.h5 store.h5 --split test --threads 1 "$@"
}
evaluate >whole.txt
least=1
until evaluate --memory-limit ${least}M >small.txt 2>note.txt; do
    least=$((least + 1))
done
grep -o 'note: ROC and PR areas.*--memory-limit of' note.txt
grep -c '^mean PR area *-' small.txt
grep '^accuracy\|^Brier\|^calibration' whole.txt >whole.figures
grep '^accuracy\|^Brier\|^calibration' small.txt | cmp - whole.figures
# The limit that the note asks for is enough.
needed=$(sed -n 's/.*--memory-limit of \([0-9]*M\).*/\1/p' note.txt)
evaluate --memory-limit "$needed" | cmp - whole.txt
# An evaluation file has areas whatever the limit.
evaluate --memory-limit "$needed" --output small.h5 >/dev/null
evaluate --output whole.h5 >/dev/null
cmp small.h5 whole.h5
