# A shard is shown as what it is; it has no class means.
make_tree tree
quern-ingest tree --shard 1/1 shard.h5 >log 2>&1
quern-show shard.h5 | head -n 3
quern-show shard.h5 --image valid/1 | head -n 2
quern-show shard.h5 --grid 1x2 | head -n 1
expect 65 quern-show shard.h5 --mean
