quern-draw tree --train 300 --valid 1 --classes 3,7 >draw.log 2>&1
quern-ingest tree store.h5 >log 2>&1
quern-show store.h5 --grid 8x8 --quiet --threads 1 >one
for threads in 2 3; do
    quern-show store.h5 --grid 8x8 --quiet --threads $threads | cmp - one
done
