command -v h5dump >/dev/null || skip "no h5dump"
# Three folds of 30 images of each digit: each image is valid in one of them.
quern-draw --train 30 --valid 0 digits >/dev/null
for fold in 1 2 3; do
    quern-ingest --folds 3 --fold $fold digits/train fold$fold.h5
    h5dump -d /valid/paths fold$fold.h5 | grep -o '"[^"]*\.png' >>all
done
sort all | uniq | wc -l
sort all | uniq -d
expect 2 quern-ingest --folds 3 digits/train none.h5
expect 2 quern-ingest --folds 3 --fold 4 digits/train none.h5
expect 2 quern-ingest --folds 3 --fold 1 --valid-fraction 0.1 digits/train none.h5
# An unchanged fold is known again; another one is written again.
quern-ingest --folds 3 --fold 1 digits/train fold1.h5 | tail -n 1
quern-ingest --folds 3 --fold 2 digits/train fold1.h5 | tail -n 1
quern-ingest --valid-fraction 0.5 digits/train fold1.h5 | tail -n 1
