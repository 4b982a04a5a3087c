# Both splits, with a file that was skipped; names of outside are escaped.
make_tree tree
image garbage tree/train/day/broken.png 2>/dev/null || echo no image >tree/train/day/broken.png
mkdir -p "tree/train/$(printf 'a\033[31m')"
image light "tree/train/$(printf 'a\033[31m')/1.png"
quern-ingest tree store.h5 --skip-bad 5 >log 2>&1 || cat log
quern-show store.h5
