# The images of a compressed tar, and of nothing else, are copied to --spool-dir.  In /proc nobody can
# make a file.
command -v tar >/dev/null || skip 'tar is not here'
[ -d /proc/self ] || skip '/proc is not here'
make_store beside.h5
tar czf digits.tar.gz tree
tar cf digits.tar tree
mkdir scratch
quern-ingest --spool-dir scratch digits.tar.gz spooled.h5
quern-ingest digits.tar.gz unspooled.h5
cmp spooled.h5 unspooled.h5
expect 74 quern-ingest --spool-dir /proc digits.tar.gz refused.h5
quern-ingest --spool-dir /proc digits.tar plain.h5
expect 74 quern-ingest --spool-dir missing digits.tar refused.h5
expect 74 quern-ingest --spool-dir digits.tar digits.tar.gz refused.h5
ls -A . scratch
