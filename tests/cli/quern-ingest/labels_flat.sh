# A folder of images and a table of ids without splits, as competitions have them.
mkdir photos
for i in 1 2 3 4 5 6 7 8; do
    image dark "photos/000$i.png"
    image light "photos/001$i.png"
done
image white photos/other.png
{
    echo id,breed
    for i in 1 2 3 4 5 6 7 8; do
        echo "000$i,pug"
        echo "001$i,2"
    done
    echo 0001,pug
} >labels.csv
expect 2 quern-ingest photos store.h5 --labels labels.csv
quern-ingest photos store.h5 --labels labels.csv --valid-fraction 0.3
# An archive reads as its folder.
if command -v tar >/dev/null; then
    tar czf photos.tgz photos
    quern-ingest photos.tgz packed.h5 --labels labels.csv --valid-fraction 0.3
    sed 's,^0,photos/0,' labels.csv >with_folder.csv
    quern-ingest photos.tgz packed.h5 --labels with_folder.csv --valid-fraction 0.3
fi
