# What is transparent and what has 16 bits is counted, and the command that ends the report goes through.
image glass icons/a/1.png
image black icons/a/2.png
image sensor icons/b/1.png
quern-ingest --dry-run icons
quern-ingest --dry-run --background white icons | tail -n 1
eval "$(quern-ingest --dry-run icons store.h5 | tail -n 1)"
