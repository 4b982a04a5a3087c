# The same as pictures, which quern-ingest reads again; nothing but a PNG is replaced.
make_store store.h5
quern-show store.h5 --image train/1 --png image.png --scale 3
quern-show store.h5 --image train/1 --pixels --png pixels.png
quern-show store.h5 --mean --png mean.png
quern-show store.h5 --grid 2x3 --png grid.png
quern-show store.h5 --grid 2x3 --png again.png >again.log
cmp grid.png again.png
quern-show store.h5 --image train/1 --png grid.png --scale 3 >again.log
cmp grid.png image.png
mkdir -p pictures/train/all
cp image.png pixels.png mean.png again.png pictures/train/all
quern-ingest pictures pictures.h5 --size 16x16 --channels gray >log 2>&1
quern-show pictures.h5 | grep images
# Without enlarging, the picture is the row.
quern-show store.h5 --image train/1 --png same.png --scale 1 >again.log
mkdir -p same/train/a
cp same.png same/train/a/1.png
quern-ingest same same.h5 >log 2>&1
quern-show store.h5 --image train/1 --pixels | tail -n +4 >before
quern-show same.h5 --image train/0 --pixels | tail -n +4 | cmp - before
echo thesis >thesis.txt
expect 65 quern-show store.h5 --mean --png thesis.txt
cat thesis.txt
cp store.h5 other.h5
expect 65 quern-show store.h5 --mean --png other.h5
expect 2 quern-show store.h5 --mean --png store.h5 --force
quern-show store.h5 --mean --png thesis.txt --force
find . -name "*partial*"
