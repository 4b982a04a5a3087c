# Without --split, the only split of a store is taken, and said.
make_store store.h5
quern-train store.h5 --output run --model nearest-mean >/dev/null
rm -r tree/valid
quern-ingest tree train.h5 >/dev/null || skip "stores of one split cannot be made"
quern-evaluate run/epoch-0001.h5 train.h5 --json | grep -o '"split":"[a-z]*","correct":[0-9]*,"total":[0-9]*'
expect 65 quern-evaluate run/epoch-0001.h5 train.h5 --split valid
