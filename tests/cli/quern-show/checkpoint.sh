# A checkpoint as it prints to a pipe; at 40 columns with layers, and in a directory with its log.
make_digits store.h5
quern-train store.h5 --output run --recipe lesson --epochs 4 >/dev/null 2>&1
quern-show run/epoch-0004.h5
echo "---- others of the run"
quern-show run/epoch-0002.h5 | grep '^  progress'
quern-show run/best.h5 | grep '^  progress'
echo "---- nothing trained yet"
quern-show run/epoch-0000.h5 | sed -n '/^history/,/^$/p'
echo "---- a network, 40 columns"
quern-train store.h5 --output net --layers "conv:4 relu pool dense:8 relu" --epochs 1 >/dev/null 2>&1
COLUMNS=40 quern-show net/epoch-0001.h5
