make_tree tree
chmod 000 tree/train/day/1.png
! cat tree/train/day/1.png >/dev/null 2>&1 || skip "permissions mean nothing to this user"
expect 65 quern-ingest tree store.h5
ls -A
