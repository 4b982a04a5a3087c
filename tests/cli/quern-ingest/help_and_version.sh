quern-ingest --help | head -n 1
quern-ingest --version
quern-ingest --help --no-such-option >help.txt 2>&1
grep -c '^  --help ' help.txt
