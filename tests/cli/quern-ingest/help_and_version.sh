quern-ingest --help >short.txt
head -n 1 short.txt
quern-ingest --version
quern-ingest --help --no-such-option >help.txt 2>&1
grep -c '^  -h, --help ' help.txt
quern-ingest -h | cmp - help.txt
