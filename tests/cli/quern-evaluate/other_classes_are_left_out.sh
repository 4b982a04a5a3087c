make_store store.h5
quern-train store.h5 --output run --model nearest-mean >/dev/null
quern-evaluate run/epoch-0001.h5 store.h5 --json | grep -o '"correct".*' >known.json
# Samples of a class that the checkpoint does not know stand in no figure.
for name in 1 2 3; do
    image light tree/train/fog/$name.png
    image light tree/valid/fog/$name.png
done
quern-ingest tree more.h5 >/dev/null 2>&1
quern-evaluate run/epoch-0001.h5 more.h5 --json --output more.eval.h5 | grep -o '"correct".*' |
    sed 's/"unknown_samples":3/"unknown_samples":0/' | cmp - known.json
grep -c unknown_samples more.eval.h5
# A class of the checkpoint without samples has no accuracy.
quern-ingest --classes day,fog tree other.h5 >/dev/null 2>&1
quern-evaluate run/epoch-0001.h5 other.h5
# Nothing in common.
for split in train valid; do
    mv tree/$split/day tree/$split/sun
    mv tree/$split/night tree/$split/moon
done
quern-ingest --classes sun,moon tree sky.h5 >/dev/null 2>&1
expect 65 quern-evaluate run/epoch-0001.h5 sky.h5
