# JPEG files beside PNG files, and one that is cut short.
make_store store.h5
quern-train store.h5 --output run --model nearest-mean >/dev/null
mkdir new
cp "$images/photo.jpg" new/photo.JPG
image white new/white.png
head -c 100 "$images/photo.jpg" >new/short.jpg
expect 65 quern-predict run new
