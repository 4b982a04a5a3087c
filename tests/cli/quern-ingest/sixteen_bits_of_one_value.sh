# Samples that are all 500 are no range: taken as they are, and called images of one color in a dry run, too.
for name in 1 2 3; do image level "photos/a/$name.png"; done
for name in 4 5 6; do image dark "photos/b/$name.png"; done
expect 65 quern-ingest photos store.h5 --valid-fraction 0
expect 65 quern-ingest photos store.h5 --valid-fraction 0 --range auto
quern-ingest --dry-run photos | tee report
sh -eu -c "$(tail -n 1 report)"
