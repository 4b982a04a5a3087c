make_tree tree
: >tree/train/day/empty.png
image truncated tree/train/night/truncated.png
quern-ingest --skip-bad tree store.h5
quern-ingest --skip-bad tree store.h5
