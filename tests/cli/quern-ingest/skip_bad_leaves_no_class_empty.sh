make_tree tree
for file in tree/train/day/*; do
    image jpeg "$file"
done
expect 65 quern-ingest --skip-bad tree store.h5
ls -A
