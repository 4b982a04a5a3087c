# The worst mistakes first, with pictures where the store is found.
make_digits store.h5 --classes 3,7,9
quern-train store.h5 --output run --layers "dense:4 relu" --epochs 1 >/dev/null 2>&1
quern-evaluate run/epoch-0001.h5 store.h5 --output evaluation.h5 >/dev/null
quern-show evaluation.h5 --mistakes --count 2
echo "---- the store named, a picture in a file"
quern-show evaluation.h5 --mistakes --count 3 --store store.h5 --png mistakes.png
echo "---- the store found by itself is not replaced"
cp store.h5 store_before
ln -s store.h5 link
for png in store.h5 ./link; do
    expect 2 quern-show evaluation.h5 --mistakes --png $png --force
done
rm link
cmp store.h5 store_before
echo "---- the store elsewhere"
mkdir elsewhere
mv store.h5 elsewhere
quern-show evaluation.h5 --mistakes --count 3
expect 65 quern-show evaluation.h5 --mistakes --png again.png
echo "---- another store"
make_digits another.h5
expect 65 quern-show evaluation.h5 --mistakes --store another.h5
quern-show evaluation.h5 --mistakes 2>/dev/null |
    awk '$1 ~ /^[0-9]$/ { if (rows && $5 - $3 > last) print "out of order"; last = $5 - $3; rows++ } END { print rows }'
expect 2 quern-show evaluation.h5 --store another.h5
expect 2 quern-show evaluation.h5 --count 3
echo "---- in the order of the report"
quern-evaluate run/epoch-0001.h5 elsewhere/store.h5 --report report.html >/dev/null 2>&1
sed -n '/id="mistakes-h"/,/<\/section>/p' report.html | grep -o 'valid/[0-9]/[0-9]*\.png' | awk '!seen[$0]++' >in_report
quern-show evaluation.h5 --mistakes --count 100 2>/dev/null | grep -o 'valid/[0-9]/[0-9]*\.png' >shown
[ -s in_report ] && head -n "$(wc -l <in_report)" shown | cmp - in_report && echo "the same"
