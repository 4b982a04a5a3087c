# Faults outside the pixels are counted in a note; black.png has its end, of 12 bytes, last.
make_tree tree
for class in day night; do
    {
        head -c -12 "$images/black.png"
        printf '\000\000\000\003tEXta\000b\000\000\000\000'
        tail -c 12 "$images/black.png"
    } >tree/train/$class/text.png
done
quern-ingest tree store.h5
rm tree/train/night/text.png
quern-ingest tree store.h5
