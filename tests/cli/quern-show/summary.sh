# Both splits, a class of one image whose name would drive a terminal, and a file that was skipped.
make_tree tree
echo no image >tree/train/day/broken.png
image light "tree/train/$(printf 'a\033[31m')/1.png"
quern-ingest tree store.h5 --skip-bad >log 2>&1
quern-show store.h5
echo "---- forty columns: the path of what was skipped is whole"
COLUMNS=40 quern-show store.h5 | sed -n '/skipped/,$p'
