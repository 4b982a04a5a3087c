# Folders and archives skip alike what systems and tools leave behind.
make_tree tree
image dark tree/train/__MACOSX/1.png
image dark tree/train/day/@eaDir/1.png
image dark tree/valid/.ipynb_checkpoints/1.png
image dark "tree/\$RECYCLE.BIN/1.png"
image dark "tree/train/System Volume Information/1.png"
image dark tree/lost+found/1.png
image dark tree/train/day/._1.png
image dark tree/train/day/.hidden.png
for name in .DS_Store Thumbs.db desktop.ini; do
    echo junk >"tree/train/day/$name"
done
quern-ingest tree store.h5
tar cf tree.tar -C tree .
quern-ingest tree.tar packed.h5
