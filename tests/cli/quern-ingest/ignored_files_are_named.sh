make_tree tree
echo readme >tree/readme.txt
mkdir tree/extra
echo note >tree/train/day/notes.txt
image dark tree/train/stray.png
image dark tree/train/.hidden/1.png
quern-ingest tree store.h5
