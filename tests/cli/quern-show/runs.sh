# Several runs: a table, the settings that differ, curves over each other.
make_digits store.h5
quern-train store.h5 --output runs/slow --recipe lesson --epochs 4 --learning-rate 0.5 >/dev/null 2>&1
quern-train store.h5 --output runs/fast --recipe lesson --epochs 6 --learning-rate 4 >/dev/null 2>&1
quern-show runs/slow/epoch-0004.h5 runs/fast/epoch-0006.h5
echo "---- directories tell the time and how sure an accuracy is"
quern-show runs/slow runs/fast | sed -n '/^run .*time/,/^$/p' | tr -s ' ' | sed -E 's/ [0-9.]+ (s|ms|us) / T /'
quern-show runs/slow runs/fast | grep -c '(0\.[0-9]*-[0-9.]*)'
echo "---- equal ones"
quern-show runs/slow runs/slow | grep -A 1 'settings that differ'
echo "---- fifty, forty columns: no line is longer"
set --
for _ in $(seq 50); do set -- "$@" runs/fast; done
COLUMNS=40 quern-show "$@" >fifty
awk 'length > 40' fifty
sed -n '/^valid loss/,/^ *[0-9.]* [+|]/p' fifty | head -n 4
expect 2 quern-show "$@" runs/slow
echo "---- what is no run"
expect 2 quern-show runs/slow store.h5
echo "---- a run that has a log and no checkpoint yet"
mkdir runs/new
sed '/"event":"epoch"/,$d' runs/slow/log.jsonl >runs/new/log.jsonl
quern-show runs/slow runs/new | sed -n '1,/^$/p'
quern-show runs/slow runs/new | grep -c '0x0\|fingerprint' || true
