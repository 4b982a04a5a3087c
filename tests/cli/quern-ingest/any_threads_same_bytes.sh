quern-draw --train 40 --valid 10 --test 5 digits >/dev/null
for threads in 1 2 3; do
    quern-ingest --threads $threads digits store$threads.h5 >/dev/null
done
cmp store1.h5 store2.h5
cmp store1.h5 store3.h5
quern-ingest --threads 2 --io-threads 7 digits store_io.h5 >/dev/null
cmp store1.h5 store_io.h5
