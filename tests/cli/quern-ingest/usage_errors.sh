make_tree tree
expect 2 quern-ingest
expect 2 quern-ingest tree
expect 2 quern-ingest tree store.h5 more
expect 2 quern-ingest --no-such-option tree store.h5
expect 2 quern-ingest --skip-bad=yes tree store.h5
expect 2 quern-ingest tree store.h5 --classes
expect 2 quern-ingest --channels cmyk tree store.h5
expect 2 quern-ingest --size 28 tree store.h5
expect 2 quern-ingest --size 0x28 tree store.h5
expect 2 quern-ingest --max-pixels 0 tree store.h5
expect 2 quern-ingest --compression-level 10 tree store.h5
expect 2 quern-ingest --threads 0 tree store.h5
expect 2 quern-ingest --classes day, tree store.h5
expect 2 quern-ingest --classes day,day tree store.h5
expect 2 quern-ingest --valid-fraction 1 tree/train store.h5
expect 2 quern-ingest --valid-fraction -0.1 tree/train store.h5
expect 2 quern-ingest --valid-fraction half tree/train store.h5
expect 2 quern-ingest --seed 7 tree store.h5
expect 2 quern-ingest --dry-run --force tree store.h5
expect 2 quern-ingest --verify --force tree store.h5
for shard in 0/4 5/4 1/0 4 /4 1/ 1/4/4 -1/4 1/65537; do
    expect 2 quern-ingest --shard $shard tree store.h5
done
expect 2 quern-ingest --merge store.h5
expect 2 quern-ingest --merge --shard 1/2 store.h5 shard.h5
expect 2 quern-ingest --merge --channels rgb store.h5 shard.h5
expect 2 quern-ingest --merge --compression-level 1 store.h5 shard.h5
expect 2 quern-ingest --merge --valid-fraction 0.5 store.h5 shard.h5
expect 2 quern-ingest --merge --verify store.h5 shard.h5
expect 2 quern-ingest --merge --dry-run store.h5 shard.h5
expect 2 quern-ingest --merge --io-threads 4 store.h5 shard.h5
expect 2 quern-ingest --skip tree store.h5
expect 2 quern-ingest --io 3 tree store.h5
expect 2 quern-ingest --num-workers 3 tree store.h5
expect 2 quern-ingest --resize 28x28 tree store.h5
expect 2 quern-ingest --channels grayscale tree store.h5
[ ! -e store.h5 ]
expect 2 quern-ingest --merge --list files.list store.h5 shard.h5
expect 2 quern-ingest --merge --size 4x4 store.h5 shard.h5
expect 2 quern-ingest --write-list files.list
expect 2 quern-ingest --write-list files.list tree store.h5
expect 2 quern-ingest --write-list files.list --list files.list tree
expect 2 quern-ingest --write-list files.list --shard 1/2 tree
expect 2 quern-ingest --write-list files.list --classes day tree
expect 2 quern-ingest --write-list files.list --dry-run tree
[ ! -e files.list ]
