make_store store.h5
[ -w /dev/full ] || skip "no /dev/full"
expect 74 quern-show store.h5 >/dev/full
expect 74 quern-show store.h5 --image train/0 >/dev/full
expect 74 quern-show --function relu >/dev/full
