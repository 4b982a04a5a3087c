# One wide image and squares: each way gives other rows, and shards the same as all in one go.
make_tree tree
image wide tree/train/day/wide.png
for fit in stretch pad crop; do
    quern-ingest --size 5x5 --fit $fit --background 808080 tree $fit.h5
    for i in 1 2; do
        quern-ingest --size 5x5 --fit $fit --background 808080 --shard $i/2 tree shard$i.h5 >/dev/null 2>&1
    done
    quern-ingest --merge merged.h5 shard1.h5 shard2.h5 >/dev/null
    cmp $fit.h5 merged.h5
    rm merged.h5 shard?.h5
done
cmp -s stretch.h5 pad.h5 || echo "pad is another"
cmp -s stretch.h5 crop.h5 || echo "crop is another"
# A background in color makes rows of gray images RGB, as transparency does.
quern-ingest --size 5x5 --fit pad --background ff0000 tree red.h5
quern-ingest --size 5x5 --fit pad --background ff0000 --channels gray tree red.h5
expect 2 quern-ingest --fit pad tree store.h5
