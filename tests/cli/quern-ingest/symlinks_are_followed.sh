make_tree tree
mkdir elsewhere
mv tree/train/day elsewhere/day
ln -s ../../elsewhere/day tree/train/day
ln -s ../../../elsewhere/day/1.png tree/train/night/mistake.png
quern-ingest tree store.h5
