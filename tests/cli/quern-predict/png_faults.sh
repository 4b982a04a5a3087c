# Faults outside the pixels are counted in a note; black.png has its end, of 12 bytes, last.
make_store store.h5
quern-train store.h5 --output run --model nearest-mean >/dev/null
mkdir new
{
    head -c -12 "$images/black.png"
    printf '\000\000\000\003tEXta\000b\000\000\000\000'
    tail -c 12 "$images/black.png"
} >new/2.png
image white new/1.png
quern-predict run/epoch-0001.h5 new
cp new/2.png new/3.png
quern-predict run/epoch-0001.h5 new >/dev/null
