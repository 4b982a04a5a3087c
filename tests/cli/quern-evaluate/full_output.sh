# What cannot be printed is an error.
[ -w /dev/full ] || skip "no /dev/full"
expect 74 quern-evaluate --help >/dev/full
expect 74 quern-evaluate --version >/dev/full
