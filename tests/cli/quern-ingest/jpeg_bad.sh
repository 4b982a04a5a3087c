# Those that are cut short or damaged are listed, and left out on demand.
make_tree tree
cp "$images/photo.jpg" tree/train/day/good.jpg
head -c 100 "$images/photo.jpg" >tree/train/day/short.jpg
# All but the end of the data, and the mark of the end.
size=$(wc -c <"$images/colour.jpg")
{
    head -c $((size - 7)) "$images/colour.jpg"
    printf '\377\331'
} >tree/train/night/damaged.jpg
expect 65 quern-ingest tree store.h5
quern-ingest --skip-bad tree store.h5
