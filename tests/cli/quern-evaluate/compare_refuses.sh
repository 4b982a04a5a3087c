# What is not of the same samples has no difference.
make_store store.h5
quern-train store.h5 --output run --model nearest-mean >/dev/null
quern-evaluate run store.h5 --output valid.h5 >/dev/null
quern-evaluate run store.h5 --split train --output train.h5 >/dev/null
expect 65 quern-evaluate --compare valid.h5 train.h5
mv tree/valid/day/*1.png tree/train/day
quern-ingest tree other.h5 >/dev/null
quern-evaluate run other.h5 --output other.h5.eval >/dev/null
expect 65 quern-evaluate --compare valid.h5 other.h5.eval 2>message.txt
sed 's/[0-9a-f]\{64\}/FINGERPRINT/g' message.txt >&2
expect 65 quern-evaluate --compare valid.h5 store.h5
expect 74 quern-evaluate --compare valid.h5 nowhere.h5
expect 2 quern-evaluate --compare valid.h5
expect 2 quern-evaluate --compare valid.h5 valid.h5 --split train
expect 2 quern-evaluate --compare valid.h5 valid.h5 --bootstrap 100
head -c 3000 valid.h5 >cut.h5
expect 65 quern-evaluate --compare valid.h5 cut.h5
