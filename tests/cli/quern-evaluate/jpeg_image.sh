make_store store.h5
quern-train store.h5 --output run --model nearest-mean >/dev/null
cp "$images/photo.jpg" photo.jpg
head -c 100 "$images/photo.jpg" >short.jpg
quern-evaluate run --image photo.jpg
expect 65 quern-evaluate run --image short.jpg photo.jpg
