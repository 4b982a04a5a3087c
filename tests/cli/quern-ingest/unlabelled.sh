# Plain files in test/ are left out, or kept as a split without labels.
make_tree tree
image dark tree/test/1.png
image white tree/test/2.png
quern-ingest tree plain.h5
quern-ingest --unlabelled test tree store.h5
quern-ingest --unlabelled test tree store.h5
h5ls store.h5/test
quern-train --model nearest-mean --output run store.h5 >train.log
expect 65 quern-evaluate --split test run store.h5
rm -r tree/test
expect 2 quern-ingest --unlabelled test tree other.h5
