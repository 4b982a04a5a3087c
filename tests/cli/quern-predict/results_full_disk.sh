[ -w /dev/full ] || skip "no /dev/full"
make_store store.h5
quern-train store.h5 --output run --model nearest-mean >/dev/null
expect 74 quern-predict run/epoch-0001.h5 tree/valid/day/1.png >/dev/full
expect 74 quern-predict run/epoch-0001.h5 tree/valid/day/1.png --csv /dev/full
