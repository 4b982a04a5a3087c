# A tar of images with their classes beside them.
command -v tar >/dev/null || skip 'tar is not here'
mkdir shard
add() {
    image "$1" "shard/$2.png"
    printf '%b' "$3" >"shard/$2.cls"
    echo '{}' >"shard/$2.json"
}
add black 000 '0\n'
add dark 001 '0'
add white 002 '10\n'
add light 003 ' 2\r\n'
image white shard/004.png
(cd shard && tar cf ../flat.tar -- *)
tar czf packed.tgz shard
quern-ingest --dry-run packed.tgz --valid-fraction 0
quern-ingest flat.tar flat.h5 --valid-fraction 0
quern-ingest packed.tgz packed.h5 --valid-fraction 0
quern-ingest packed.tgz packed.h5 --valid-fraction 0
expect 2 quern-ingest flat.tar flat.h5
# Directories of splits.
mkdir -p both/train both/val
cp shard/00[0123].* both/train
cp shard/00[012].* both/val
tar cf both.tar -C both train val
quern-ingest both.tar both.h5
# A class that is none.
: >shard/003.cls
tar cf bad.tar shard
expect 65 quern-ingest bad.tar bad.h5 --valid-fraction 0
printf 'a\nb' >shard/003.cls
tar czf bad.tar shard
expect 65 quern-ingest bad.tar bad.h5 --valid-fraction 0
