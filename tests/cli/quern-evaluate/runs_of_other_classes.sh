# Checkpoints that know different classes of a store are on different samples: each says how many, none is the best.
quern-draw --classes 1,3,7,9 --train 30 --valid 6 tree >/dev/null
for classes in 3,7 1,7,9 1,3,7,9; do
    quern-ingest --classes "$classes" tree "of-$classes.h5" >/dev/null
    quern-train "of-$classes.h5" --output "run-$classes" --model nearest-mean >/dev/null 2>&1
done
quern-evaluate run-3,7 run-1,7,9 of-1,3,7,9.h5 --report report.html
text() {
    sed -e 's/<\/t[hd]>/ | /g' -e 's/<[^>]*>//g'
}
page() {
    grep 'class="lede"' report.html | text
    sed -n '/<section id="'"$1"'"/,/<\/section>/p' report.html | grep '<t[rh]' | text
    printf 'called the best: '
    grep -c '<th scope="row" class="name best">' report.html || :
}
page runs
page classes | sed 1d
# The same samples, though not all of the store.
quern-train of-3,7.h5 --output other-3,7 --model nearest-mean --distance l2 >/dev/null 2>&1
quern-evaluate run-3,7 other-3,7 of-1,3,7,9.h5 --report report.html --force 2>/dev/null
page classes
# One sample of classes that they know, one of others.
mkdir -p small/valid/1 small/valid/3
cp -r tree/train small
cp tree/valid/1/000000.png small/valid/1
cp tree/valid/3/000000.png small/valid/3
quern-ingest small small.h5 >/dev/null 2>&1
quern-evaluate run-3,7 other-3,7 small.h5 --report report.html --force >/dev/null
page classes | head -1
