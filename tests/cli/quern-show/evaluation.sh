# An evaluation: figures, classes, confusions, calibration; and at 40 columns.
make_digits store.h5 --classes 0,1,2,3,4
quern-train store.h5 --output run --layers "dense:16 relu" --epochs 3 >/dev/null 2>&1
quern-evaluate run/epoch-0003.h5 store.h5 --output evaluation.h5 >/dev/null
quern-show evaluation.h5
COLUMNS=40 quern-show evaluation.h5 >narrow
awk 'length > 40' narrow
head -c 9000 evaluation.h5 >cut.h5
expect 65 quern-show cut.h5
