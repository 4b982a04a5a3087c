make_tree tree
image dark tree/train/fog/1.png
image dark tree/valid/fog/1.png
quern-ingest --classes night,day tree store.h5
expect 65 quern-ingest --classes night,rain tree other.h5
quern-ingest --classes night tree other.h5
ls -A
