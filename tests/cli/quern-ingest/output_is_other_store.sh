# A store of another source is replaced with --force alone.
make_store photos.h5
for n in 1 2 3; do
    image black other/train/cat/$n.png
    image white other/train/dog/$n.png
done
cp photos.h5 before.h5
expect 65 quern-ingest other photos.h5
expect 65 quern-ingest --verify other photos.h5
expect 65 quern-ingest --size 2x2 other photos.h5
cmp photos.h5 before.h5

# Damaged pixels are no reason to replace it either: what its files were can still be read.
quern-draw --train 40 --valid 10 digits >/dev/null
quern-ingest digits damaged.h5 >/dev/null
printf x | dd of=damaged.h5 bs=1 seek=$(($(wc -c <damaged.h5) / 4)) conv=notrunc 2>/dev/null
expect 65 quern-ingest other damaged.h5
quern-ingest digits damaged.h5 | tail -n 1

echo "# the same source: of other classes, grown, shrunk, as an archive"
quern-ingest --classes day,night tree photos.h5
image white tree/train/day/11.png
quern-ingest tree photos.h5
rm tree/train/day/1.png tree/train/night/1.png
quern-ingest tree photos.h5
tar cf tree.tar tree
quern-ingest tree.tar photos.h5

echo "# more than half of its files have other paths"
mv tree/train/day tree/train/dawn
mv tree/valid/day tree/valid/dawn
expect 65 quern-ingest tree photos.h5

echo "# by force"
quern-ingest --force other photos.h5

echo "# shards and merging"
quern-ingest --shard 1/1 tree shard.h5
expect 65 quern-ingest --shard 1/1 other shard.h5
expect 65 quern-ingest --merge photos.h5 shard.h5
quern-ingest --merge --force photos.h5 shard.h5
