# Names with blanks, line breaks, terminal commands and any UTF-8.
make_tree tree
mkdir "tree/train/day/a b"
image light "tree/train/day/a b/c  d.png"
image light "tree/train/day/$(printf 'caf\303\251').PNG"
image jpeg "tree/train/day/$(printf 'line\nbreak').png"
image jpeg "tree/train/day/$(printf '\033[2Jclear').png"
expect 65 quern-ingest tree store.h5
quern-ingest --skip-bad tree store.h5 2>/dev/null
