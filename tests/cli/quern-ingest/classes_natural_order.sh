for class in 10 9 1 a2 a10; do
    image dark tree/train/$class/x.png
done
quern-ingest --dry-run tree
