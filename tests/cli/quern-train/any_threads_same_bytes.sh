quern-draw --train 150 --valid 20 digits >/dev/null
quern-ingest digits store.h5 >/dev/null
for threads in 1 2 3; do
    quern-train store.h5 --recipe lesson --output run$threads --epochs 2 --batch-size 100 --threads $threads \
        --momentum 0.9 --loss cross-entropy >/dev/null
done
for epoch in 0 1 2; do
    cmp run1/epoch-000$epoch.h5 run2/epoch-000$epoch.h5
    cmp run1/epoch-000$epoch.h5 run3/epoch-000$epoch.h5
done
quern-train store.h5 --recipe lesson --output run4 --epochs 2 --batch-size 100 --seed 2 \
    --momentum 0.9 --loss cross-entropy >/dev/null
expect 1 cmp -s run1/epoch-0002.h5 run4/epoch-0002.h5
