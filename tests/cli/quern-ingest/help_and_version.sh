quern-ingest --help | head -n 1
quern-ingest --version
quern-ingest --help --no-such-option >help.txt 2>&1
grep -c '^  -h, --help ' help.txt
quern-ingest -h | cmp - help.txt
