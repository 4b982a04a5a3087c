# --diff ends as diff and cmp do: 0 the same, 1 different, more than that trouble.
make_digits store.h5
cp store.h5 again.h5
make_digits other.h5 --seed 2
sizes() { sed -E 's/, [0-9,]+ bytes/, N bytes/'; }
expect 0 quern-show --diff store.h5 again.h5 >out
sizes <out
expect 1 quern-show --diff store.h5 other.h5 >out
sizes <out
quern-train store.h5 --output a --recipe lesson --epochs 3 >/dev/null 2>&1
quern-train store.h5 --output b --recipe lesson --epochs 3 --seed 7 >/dev/null 2>&1
expect 1 quern-show --diff a b >out
sizes <out
expect 1 quern-show --diff a store.h5 >out
sizes <out
expect 1 quern-show --diff a/epoch-0001.h5 a/epoch-0002.h5 | grep -c 'also different'
echo "---- trouble"
head -c 20000 store.h5 >cut.h5
expect 65 quern-show --diff store.h5 cut.h5 >out
expect 65 quern-show --diff store.h5 out
expect 74 quern-show --diff store.h5 nowhere.h5
expect 2 quern-show --diff store.h5
expect 2 quern-show --diff store.h5 store.h5 --mean
