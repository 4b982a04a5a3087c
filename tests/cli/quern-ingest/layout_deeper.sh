# A data set in a folder or two within the source gives the store that it gives by itself.
make_tree in/set/images
quern-ingest in/set/images itself.h5 >plain.log
touch in/README.md
mkdir in/__MACOSX
quern-ingest in store.h5
tar cf in.tar in
quern-ingest in.tar packed.h5
# Lists have the same paths.
quern-ingest --write-list in.list in
quern-ingest --list in.list in listed.h5 | tail -n 1
