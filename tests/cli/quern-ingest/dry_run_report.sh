# A folder of classes without splits, of two sizes, with a broken file and a picture that is there twice.
quern-draw --train 12 --valid 0 digits >/dev/null
mv digits/train "my photos"
cp "my photos/3/000000.png" "my photos/3/copy.png"
image black "my photos/7/small.png"
echo "no image" >"my photos/7/broken.png"
echo "notes" >"my photos/readme.txt"
quern-ingest --dry-run "my photos"
for threads in 1 3; do
    quern-ingest --dry-run --threads $threads "my photos" | sed '$d' >report.$threads
done
cmp report.1 report.3
rm report.?
# The command that it ends with goes on from here.
quern-ingest --dry-run --classes 7,3 "my photos/" store.h5 | tail -n 1 | sed 's/^ *//' >advice
cat advice
sh -eu ./advice
# Nothing is written by a dry run.
ls -A
