# What cannot be printed is an error.
[ -w /dev/full ] || skip "no /dev/full"
expect 74 quern-draw --help >/dev/full
expect 74 quern-draw --version >/dev/full
