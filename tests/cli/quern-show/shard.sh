# A shard is shown as what it is; it has no class means.
make_tree tree
quern-ingest tree --shard 1/1 shard.h5 >log 2>&1
quern-show shard.h5 | head -n 3
quern-show shard.h5 --image valid/1 | head -n 2
quern-show shard.h5 --grid 1x2 | head -n 1
expect 65 quern-show shard.h5 --mean
echo "---- a shard without images"
for number in 1 2 3 4 5 6 7 8 9; do
    quern-ingest tree --shard $number/9 empty.h5 >log 2>&1
    images=$(quern-show empty.h5 | awk '$1 == "train" || $1 == "valid" || $1 == "test" { sum += $2 } END { print sum + 0 }')
    [ "$images" -ne 0 ] || break
done
quern-show empty.h5 | sed -n 's/file .*[1-9][0-9.]* [kKM]*B; images/file SIZE; images/p'
