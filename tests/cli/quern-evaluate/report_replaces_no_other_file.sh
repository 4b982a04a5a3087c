# A report replaces a report; anything else only with --force, and an input never.
make_store store.h5
quern-train store.h5 --recipe lesson --output run --model nearest-mean >/dev/null
evaluate() {
    quern-evaluate run/epoch-0001.h5 store.h5 "$@" >/dev/null
}
cp store.h5 store_before.h5
echo thesis >thesis.html
printf '<!DOCTYPE html>\n<html><body>mine</body></html>\n' >page.html
: >empty.html
for report in thesis.html page.html empty.html store_before.h5; do
    expect 65 evaluate --report $report
done
cat thesis.html page.html

evaluate --report report.html
cp report.html expected.html
evaluate --report report.html # of its own kind
cmp report.html expected.html
evaluate --report thesis.html --force
sed 's/thesis.html/report.html/' thesis.html | cmp - expected.html
for report in store.h5 run/epoch-0001.h5; do
    expect 2 evaluate --report $report
    expect 2 evaluate --report $report --force
done
cmp store.h5 store_before.h5
expect 2 evaluate --report both.html --output both.html
expect 2 evaluate --force
# No file of the run either, by its directory or by a checkpoint of it.
cp -r run run_before
for report in run/log.jsonl run/../run/epoch-0001.h5; do
    expect 2 evaluate --report $report --force
    expect 2 evaluate --output $report --force
    expect 2 quern-evaluate run store.h5 --report $report --force
done
diff -r run run_before
# One file by two spellings, not there yet and there: nothing is written.
ln -s . here
ln -s both.html both_link.html
for two in ./both.html "$PWD/both.html" here/both.html both_link.html; do
    expect 2 evaluate --report "$two" --output both.html 2>err
    sed "s:$PWD:PWD:" err >&2
done
[ ! -e both.html ]
echo thesis >both.html
for two in ./both.html "$PWD/both.html" here/both.html both_link.html; do
    expect 2 evaluate --report "$two" --output both.html --force 2>err
    sed "s:$PWD:PWD:" err >&2
done
cat both.html
expect 74 evaluate --report missing/report.html
ls -A
