# Exact counts within each class: 0.2 of 50 and 0.1 of 50; one image of a class stays in train.
quern-draw --train 50 --valid 0 digits >/dev/null
image black digits/train/lonely/1.png
quern-ingest --valid-fraction 0.2 --test-fraction 0.1 --size 8x8 digits/train both.h5
quern-ingest --valid-fraction 0 --size 8x8 digits/train all.h5 | tail -n 1
rm -r digits/train/lonely
quern-ingest --valid-fraction 0.2 digits/train store.h5 | grep '^valid'
quern-ingest --valid-fraction 0.2 --seed 2 digits/train other.h5 >other.log
quern-ingest --valid-fraction 0.2 --seed 1 digits/train store.h5 | tail -n 1
# Of a tree that has train alone, the same: valid is taken from train.
quern-ingest --valid-fraction 0.2 digits beside.h5
# A split that is there is not made again.
mkdir -p digits/valid
mv digits/train/3 digits/valid/3
mkdir digits/train/3
mv digits/valid/3/00000* digits/train/3
expect 2 quern-ingest --valid-fraction 0.2 digits again.h5
expect 2 quern-ingest --folds 2 --fold 1 digits again.h5
expect 2 quern-ingest --group-by x digits again.h5
