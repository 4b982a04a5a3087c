# Neither waits for a reader of a FIFO, nor replaces a device; a link is written where it points.
make_tree tree
mkfifo pipe
expect 74 timeout -k 5 60 quern-ingest tree pipe
expect 74 timeout -k 5 60 quern-ingest --force tree pipe
expect 74 timeout -k 5 60 quern-ingest --write-list pipe tree
expect 74 timeout -k 5 60 quern-ingest --list pipe tree store.h5
ln -s /dev/null device.h5
expect 74 quern-ingest --force tree device.h5
[ -p pipe ] && [ -L device.h5 ] && [ -c device.h5 ] && ls

mkdir scratch
ln -s scratch/real.h5 store.h5
quern-ingest tree store.h5 | tail -n 1
[ -L store.h5 ] && ls scratch
echo precious >victim
ln -s victim .other.h5.partial
quern-ingest tree other.h5 | tail -n 1
cat victim
[ ! -L other.h5 ] && cmp other.h5 store.h5
