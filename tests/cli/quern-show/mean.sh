# Those of train, of another split, and of one class.
make_store store.h5
quern-show store.h5 --mean --scale 1
quern-show store.h5 --mean --split valid --class day --scale 2
expect 2 quern-show store.h5 --mean --split test
expect 2 quern-show store.h5 --mean --class dusk
