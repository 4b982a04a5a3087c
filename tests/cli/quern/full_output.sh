# A list that cannot be written is a failure.
[ -w /dev/full ] || skip "no /dev/full"
expect 74 quern >/dev/full
