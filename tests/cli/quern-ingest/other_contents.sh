# What has the name of an image and is none is named as what it is.
make_tree tree
printf 'version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n' >tree/train/day/lfs.png
printf '<!DOCTYPE html>\n<html></html>\n' >tree/train/day/page.jpg
printf 'RIFF\044\000\000\000WEBPVP8 ' >tree/train/day/webp.jpg
: >tree/train/day/empty.jpg
printf '\211PNG\r\n\032\n\000\000\000\004CgBI\120\000\040\002\325\266\264\331' >tree/train/day/xcode.png
expect 65 quern-ingest tree store.h5
tar -czf tree.tar.gz tree
expect 65 quern-ingest tree.tar.gz store.h5
