quern-draw --train 50 --valid 30 digits >/dev/null
quern-ingest digits store.h5 >/dev/null
quern-train store.h5 --recipe lesson --output run --epochs 2 >/dev/null
for threads in 1 2 3; do
    quern-evaluate run/epoch-0002.h5 store.h5 --json --threads $threads \
        --output evaluation$threads.h5 >$threads.json
done
cmp 1.json 2.json
cmp 1.json 3.json
cmp evaluation1.h5 evaluation2.h5
cmp evaluation1.h5 evaluation3.h5
