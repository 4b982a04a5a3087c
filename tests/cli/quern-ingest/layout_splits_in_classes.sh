# CLASS/train and CLASS/test are understood; a single class of them too, and a folder deeper.
image black photos/night/train/1.png
image dark photos/night/Test/1.png
image white photos/day/train/1.png
image light photos/day/Test/1.png
quern-ingest photos store.h5
expect 2 quern-ingest --test-fraction 0.5 photos other.h5
quern-ingest --valid-fraction 0.5 photos drawn.h5
mkdir deeper
mv photos deeper/
quern-ingest deeper deeper.h5
rm -r deeper/photos/day
quern-ingest deeper/photos one.h5
