quern-draw --train 50 --valid 0 digits >/dev/null
quern-ingest --valid-fraction 0.2 digits/train store.h5 | grep -c '^valid'
quern-ingest --valid-fraction 0 digits/train all.h5 | tail -n 1
quern-ingest --valid-fraction 0.2 --seed 2 digits/train other.h5 >other.log
quern-ingest --valid-fraction 0.2 --seed 1 digits/train store.h5 | tail -n 1
# Nothing of a tree that is already split is split again.
expect 2 quern-ingest --valid-fraction 0.2 digits again.h5
