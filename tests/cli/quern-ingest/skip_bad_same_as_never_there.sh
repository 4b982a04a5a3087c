make_tree tree
quern-ingest tree whole.h5 | sed -n 's/.*fingerprint //p' >whole
image jpeg tree/train/day/photo.png
quern-ingest --skip-bad tree skipped.h5 | sed -n 's/.*fingerprint \([0-9a-f]*\).*/\1/p' >skipped
cmp whole skipped
