# What is drawn depends on seed and epoch.
quern-draw tree --train 4 --valid 1 --classes 3 >draw.log 2>&1
quern-ingest tree store.h5 >log 2>&1
quern-show store.h5 --grid 1x4 --png plain.png >log
quern-show store.h5 --grid 1x4 --png one.png --augmented shift:3 --epoch 1 | head -n 2
quern-show store.h5 --grid 1x4 --png again.png --augmented shift:3 --epoch 1 >log
quern-show store.h5 --grid 1x4 --png two.png --augmented shift:3 --epoch 2 >log
quern-show store.h5 --grid 1x4 --png seed.png --augmented shift:3 --epoch 1 --seed 2 >log
cmp one.png again.png
if cmp -s plain.png one.png; then echo "not augmented"; fi
if cmp -s one.png two.png; then echo "the epoch changed nothing"; fi
if cmp -s one.png seed.png; then echo "the seed changed nothing"; fi
expect 2 quern-show store.h5 --grid 1x4 --augmented turn:3
expect 2 quern-show store.h5 --grid 1x4 --epoch 2
expect 2 quern-show store.h5 --mean --augmented shift:3
expect 2 quern-show store.h5 --mean --seed 1
# Of one image as of the grid.
quern-show store.h5 --image train/2 --augmented shift:3 --epoch 2 --scale 1 --png image.png | tail -n 2
quern-show store.h5 --image train/2 --scale 1 --png same.png >log
if cmp -s image.png same.png; then echo "the image is not augmented"; fi
