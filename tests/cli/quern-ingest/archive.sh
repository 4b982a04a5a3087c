command -v tar >/dev/null || skip 'tar is not here'
make_store tree.h5
tar cf digits.tar tree
tar czf digits -C tree valid train
quern-ingest digits.tar tar.h5
quern-ingest digits.tar tar.h5
quern-ingest --dry-run digits
quern-ingest digits packed.h5
head -c 5000 digits.tar >cut.tar
expect 65 quern-ingest cut.tar cut.h5
expect 65 quern-ingest tree/train/day/1.png cut.h5
expect 2 quern-ingest --write-list list digits.tar
ls -A
