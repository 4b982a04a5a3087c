# What is read is never written, under whatever name, by force or not.
make_tree tree
tar cf a.tar tree
ln -s a.tar link.tar
ln a.tar hard.h5
cp a.tar before.tar
for output in a.tar link.tar hard.h5 ./tree/../a.tar; do
    expect 2 quern-ingest a.tar "$output"
    expect 2 quern-ingest --force a.tar "$output"
done
expect 2 quern-ingest --force link.tar a.tar
cmp a.tar before.tar

cp -r tree before
ln -s tree/train/day/1.png day.h5
expect 2 quern-ingest --force tree tree/train/day/1.png
expect 2 quern-ingest --force tree day.h5
expect 2 quern-ingest --force --write-list tree/train/day/1.png tree
diff -r tree before
quern-ingest tree tree/store.h5 | tail -n 1
quern-ingest tree tree/store.h5 | tail -n 1

quern-ingest --write-list files.list tree | tail -n 1
cp files.list before.list
ln -s files.list list.h5
expect 2 quern-ingest --force --list files.list tree files.list
expect 2 quern-ingest --force --list files.list tree list.h5
cmp files.list before.list

quern-ingest --shard 1/1 tree shard.h5 >/dev/null
cp shard.h5 before.h5
ln -s shard.h5 shard_link.h5
ln shard.h5 shard_hard.h5
for output in shard.h5 shard_link.h5 shard_hard.h5; do
    expect 2 quern-ingest --merge --force $output shard.h5
done
cmp shard.h5 before.h5
