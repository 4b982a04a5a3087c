# Empty folders of classes, and those with other files only, are left out and named.
make_tree tree
mkdir tree/train/fog tree/valid/hail
echo no image >tree/train/fog/notes.txt
quern-ingest tree store.h5
ls -A
