# A split without labels has neither classes nor means.
image black tree/test/1.png
image white tree/test/2.png
make_tree tree
quern-ingest tree store.h5 --unlabelled test >log 2>&1
quern-show store.h5 | grep test
quern-show store.h5 --image test/1 | head -n 2
quern-show store.h5 --grid 1x2 --split test | tail -n 1
expect 2 quern-show store.h5 --mean --split test
expect 2 quern-show store.h5 --grid 1x2 --split test --class day
