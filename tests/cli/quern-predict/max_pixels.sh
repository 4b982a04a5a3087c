# The reason names the value of the option that takes the image.
make_store store.h5
quern-train store.h5 --output run --model nearest-mean >/dev/null
image black black.png
cp "$images/photo.jpg" photo.jpg
expect 65 quern-predict run/epoch-0001.h5 --max-pixels 15 black.png photo.jpg
quern-predict run/epoch-0001.h5 --max-pixels 16 black.png
