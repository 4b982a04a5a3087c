# What is drawn depends on seed and epoch.
quern-draw tree --train 4 --valid 1 --classes 3 >draw.log 2>&1
quern-ingest tree store.h5 >log 2>&1
quern-show store.h5 --grid 1x4 --png plain.png >log
quern-show store.h5 --grid 1x4 --png one.png --augment shift:3 --epoch 1 | head -n 2
quern-show store.h5 --grid 1x4 --png again.png --augment shift:3 --epoch 1 >log
quern-show store.h5 --grid 1x4 --png two.png --augment shift:3 --epoch 2 >log
quern-show store.h5 --grid 1x4 --png seed.png --augment shift:3 --epoch 1 --seed 1 >log
cmp one.png again.png
cmp -s plain.png one.png && echo "not augmented"
cmp -s one.png two.png && echo "the epoch changed nothing"
cmp -s one.png seed.png && echo "the seed changed nothing"
expect 2 quern-show store.h5 --grid 1x4 --augment turn:3
expect 2 quern-show store.h5 --grid 1x4 --epoch 2
