make_store store.h5
echo file >in_the_way
expect 74 quern-train store.h5 --recipe lesson --output in_the_way --epochs 1
expect 74 quern-train store.h5 --recipe lesson --output in_the_way/run --epochs 1
cat in_the_way
