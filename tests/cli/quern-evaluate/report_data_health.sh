# What a report says of the data: equal images in a split, in two and in two classes, images of one gray, and files that
# were skipped; files that differ may hold equal images.
make_tree tree
cp tree/valid/day/1.png tree/train/night/like_valid.png
image opaque tree/train/day/opaque.png # another file of the pixels of dark
: >tree/train/day/broken.png
quern-ingest --skip-bad tree store.h5 >/dev/null 2>&1
quern-train store.h5 --recipe lesson --output run --model nearest-mean >/dev/null 2>&1
quern-evaluate run store.h5 --report report.html >/dev/null 2>&1
sed -n '/<section id="health"/,/<\/section>/p' report.html | sed 's/<[^>]*>/ /g; s/  */ /g; /^ *$/d'
