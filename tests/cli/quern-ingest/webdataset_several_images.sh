# Images of one key have one class and go to one split; a key of one image goes where it did.
command -v tar >/dev/null || skip 'tar is not here'
quern-draw --train 48 --valid 0 digits >/dev/null
mkdir shard
for class in 3 7; do
    for i in 00 01 02 03 04 05 06 07 08 09 10 11; do
        cp digits/train/$class/0000$i.png shard/$class$i.left.png
        cp digits/train/$class/0000$((1$i - 88)).png shard/$class$i.right.png
        echo $class >shard/$class$i.cls
    done
done
tar cf shard.tar -C shard .
quern-ingest shard.tar store.h5 --valid-fraction 0.25
quern-ingest shard.tar fold.h5 --folds 4 --fold 1
# Equal pictures are no reason to part them.
cp shard/300.left.png shard/305.right.png
tar cf shard.tar -C shard .
quern-ingest --dry-run shard.tar | tail -n 1
