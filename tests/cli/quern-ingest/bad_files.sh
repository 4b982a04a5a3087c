# All are listed, nothing is written.
make_tree tree
: >tree/train/day/empty.png
for defect in truncated wrong_checksum jpeg huge_claim; do
    image $defect tree/train/night/$defect.png
done
ln -s nowhere tree/valid/day/dangling.png
expect 65 quern-ingest tree store.h5
ls -A
