make_store store.h5
cp store.h5 old.h5
# Class names and paths change, the fingerprint does not fit any more.
sed 's/night/nigel/' old.h5 >store.h5
expect 1 cmp -s store.h5 old.h5
quern-ingest tree store.h5
cmp store.h5 old.h5
