make_tree tree
ln -s .. tree/train/day/up
ln -s . tree/train/night/self
ln -s self2 tree/train/night/self2
quern-ingest tree store.h5
