# Names of another character set in an archive.
gbk=$(printf '\271\267') cp866=$(printf '\252\256\342')
mkdir -p "tree/train/$gbk" 2>/dev/null || skip "the file system takes UTF-8 only"
image black "tree/train/$gbk/1.png"
image white tree/train/dog/1.png
tar --format=gnu -cf gbk.tar tree
expect 65 quern-ingest gbk.tar store.h5
quern-ingest --names-charset GBK gbk.tar store.h5
mv "tree/train/$gbk" "tree/train/$cp866"
tar --format=gnu -cf cp866.tar tree
quern-ingest --names-charset CP866 cp866.tar other.h5
expect 65 quern-ingest tree folder.h5
expect 2 quern-ingest --names-charset GBK tree folder.h5
expect 2 quern-ingest --names-charset none-such gbk.tar folder.h5
mv "tree/train/$cp866" "tree/train/$(printf '\377\377')"
tar --format=gnu -cf bad.tar tree
expect 65 quern-ingest --names-charset GBK bad.tar folder.h5
