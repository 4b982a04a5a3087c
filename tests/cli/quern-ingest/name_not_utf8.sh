make_tree tree
image light "tree/train/day/$(printf 'caf\351').png" 2>/dev/null || skip "the file system takes UTF-8 only"
expect 65 quern-ingest tree store.h5
ls -A
