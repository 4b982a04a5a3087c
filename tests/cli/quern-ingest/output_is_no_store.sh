make_tree tree
echo precious >notes.txt
expect 65 quern-ingest tree notes.txt
cat notes.txt
: >empty.h5
expect 65 quern-ingest tree empty.h5
quern-ingest --force tree notes.txt
