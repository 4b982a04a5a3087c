make_tree tree
quern-ingest --dry-run tree
quern-ingest --dry-run tree store.h5
ls -A
