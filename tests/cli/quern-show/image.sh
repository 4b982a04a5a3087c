# By its row and by its path, and what is neither.
make_store store.h5
quern-show store.h5 --image train/2 --scale 2
quern-show store.h5 --image train/night/2.png | head -n 2
expect 2 quern-show store.h5 --image train/6
expect 2 quern-show store.h5 --image test/0
expect 2 quern-show store.h5 --image night/2.png
expect 2 quern-show store.h5 --image train/00004
expect 2 quern-show store.h5 --image train/
