# What cannot be printed is an error.
[ -w /dev/full ] || skip "no /dev/full"
expect 74 quern-train --help >/dev/full
expect 74 quern-train --version >/dev/full
