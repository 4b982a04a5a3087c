# The good ones are classified all the same.
make_store store.h5
quern-train store.h5 --recipe lesson --output run --model nearest-mean >/dev/null
for name in truncated jpeg wide black; do
    image $name $name.png
done
expect 65 quern-evaluate run/epoch-0001.h5 --image truncated.png black.png jpeg.png wide.png
expect 65 quern-evaluate run/epoch-0001.h5 --image --max-pixels 15 black.png
expect 74 quern-evaluate run/epoch-0001.h5 --image nowhere.png
