# The notes have a bar in front, so that the normaliser leaves them in.
noted() {
    "$@" >out 2>err || echo "ended with $?"
    sed 's/^/| /' err
    cat out
}
quern-draw --train 12 --valid 4 digits >/dev/null
noted quern-ingest digits clean.h5
# 3/leak.png of valid is a picture of train; 7/wrong.png is one of the threes.
cp digits/train/3/000000.png digits/valid/3/leak.png
cp digits/train/3/000001.png digits/train/3/twice.png
cp digits/train/3/000002.png digits/train/7/wrong.png
noted quern-ingest digits store.h5
noted quern-ingest --deduplicate digits store.h5
noted quern-ingest --deduplicate digits store.h5
noted quern-ingest digits store.h5

# Five pictures three times each, in one class, and five others: by path some are on both sides.
for i in 0 1 2 3 4; do
    for copy in a b c; do
        mkdir -p icons/three
        cp digits/train/3/00000$i.png icons/three/$i$copy.png
    done
done
mkdir icons/seven
cp digits/train/7/00000*.png icons/seven
noted quern-ingest --valid-fraction 0.4 icons icons.h5
noted quern-ingest --valid-fraction 0.4 --split-by content icons icons.h5
quern-ingest --valid-fraction 0.4 --split-by content icons icons.h5 | tail -n 1
for part in 1 2; do
    quern-ingest --valid-fraction 0.4 --split-by content --shard $part/2 icons $part.h5 >/dev/null 2>&1
done
quern-ingest --merge merged.h5 1.h5 2.h5
cmp icons.h5 merged.h5

# One color throughout, and a class of one picture.
image black flat/night/1.png
image black flat/night/2.png
image white flat/day/1.png
image light flat/day/2.png
noted quern-ingest --valid-fraction 0 flat flat.h5
