# Images in no class folder, with a table beside them and without.
for name in black dark white; do image $name photos/$name.png; done
expect 65 quern-ingest photos store.h5 --valid-fraction 0
expect 65 quern-ingest --dry-run photos
printf 'id,class\nblack,a\ndark,a\nwhite,b\n' >photos/Train.CSV
expect 65 quern-ingest photos store.h5
expect 65 quern-ingest --dry-run photos
quern-ingest photos store.h5 --labels photos/Train.CSV --valid-fraction 0
