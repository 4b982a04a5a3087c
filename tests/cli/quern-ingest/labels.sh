# The rows are those of the tree that the table describes.
make_store tree.h5
{
    printf 'Image,Label,Split\r\n'
    find tree -name '*.png' | sort -r | awk -F/ '{ printf "\"%s\",%s,%s\r\n", substr($0, 6), $3, $2 }'
} >labels.csv
quern-ingest tree labels.h5 --labels labels.csv
quern-ingest tree labels.h5 --labels labels.csv
quern-ingest tree labels.h5 --verify --labels labels.csv
grep -a -o 'fingerprint [0-9a-f]*' ingest.log
# Another order is the same table, another label is not.
LC_ALL=C sort -r labels.csv | tr ',' '\t' >labels.tsv
quern-ingest tree labels.h5 --labels labels.tsv
sed 's/dusk.png",day/dusk.png",night/' labels.csv >dusk.csv
quern-ingest tree labels.h5 --labels dusk.csv
quern-ingest --dry-run tree --labels dusk.csv --classes night,day
# From a list of files, and in shards.
quern-ingest --write-list list tree --labels dusk.csv
quern-ingest --list list tree listed.h5 --labels dusk.csv
quern-ingest --shard 1/2 tree 1.h5 --labels dusk.csv
quern-ingest --shard 2/2 tree 2.h5 --labels dusk.csv
quern-ingest --merge merged.h5 2.h5 1.h5
cmp merged.h5 labels.h5
cmp listed.h5 labels.h5
expect 2 quern-ingest tree dusk.csv --labels dusk.csv
