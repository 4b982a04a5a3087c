# An evaluation replaces an evaluation; anything else only with --force, and an input never.
make_store store.h5
quern-train store.h5 --recipe lesson --output run --model nearest-mean >/dev/null
evaluate() {
    quern-evaluate run/epoch-0001.h5 store.h5 "$@" >/dev/null
}
echo thesis >thesis.txt
ln -s thesis.txt link.txt
cp store.h5 store_before.h5
cp run/epoch-0001.h5 checkpoint.h5
: >empty
for output in thesis.txt link.txt store_before.h5 checkpoint.h5 empty; do
    expect 65 evaluate --output $output
done
cat thesis.txt
cmp checkpoint.h5 run/epoch-0001.h5

evaluate --output evaluation.h5
cp evaluation.h5 expected.h5
evaluate --output evaluation.h5 # of its own kind
evaluate --output thesis.txt --force
cmp thesis.txt expected.h5
evaluate --output link.txt # written where the link points
[ -L link.txt ]

ln -s store.h5 store_link.h5
ln store.h5 store_name.h5
for output in store.h5 store_link.h5 store_name.h5 run/epoch-0001.h5; do
    expect 2 evaluate --output $output
    expect 2 evaluate --output $output --force
done
cmp store.h5 store_before.h5
cmp checkpoint.h5 run/epoch-0001.h5
