# What cannot be printed is an error.
[ -w /dev/full ] || skip "no /dev/full"
expect 74 quern-ingest --help >/dev/full
expect 74 quern-ingest --version >/dev/full
