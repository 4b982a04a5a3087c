# What a dry run ends with goes through, or it says first what does not.
advise() {
    quern-ingest --dry-run "$@" >report
    sed -n '/^notes/,$p' report
}
# All of a class is broken: --skip-bad would be refused.
for name in 1 2 3; do
    image dark "photos/a/$name.png"
    image truncated "photos/b/$name.png"
    image white "photos/c/$name.png"
done
advise photos
expect 65 quern-ingest --skip-bad --valid-fraction 0 photos lost.h5
# Some of it can be read, and with one seed each split has some.
image light photos/b/1.png
image black photos/b/4.png
advise photos
sh -eu -c "$(tail -n 1 report)"
# Leaks are a note, and images that cannot be read are not among those counted.
make_tree tree
image truncated tree/valid/day/broken.png
advise tree
quern-ingest --skip-bad tree counted.h5 2>&1 | sed -n 's/^quern-ingest: note: .* of valid are/| &/p'
# Many shapes.
image wide tree/train/day/wide.png
image wide tree/train/day/wider.png
image sensor tree/train/day/deep.png
quern-draw --train 12 --valid 0 digits >/dev/null
cp digits/train/3/*.png tree/train/day
cp digits/train/7/*.png tree/train/night
advise tree --range 0:4095
# By the usual seed the only broken image of a class would be all of its valid ones.
for name in 1 2 3 4 5; do
    cp digits/train/3/00000$name.png "seed-$name.png"
done
for broken in 1 2 3 4 5; do
    rm -rf icons
    mkdir -p icons/three icons/seven
    cp seed-?.png icons/three
    cp digits/train/7/*.png icons/seven
    image truncated "icons/three/seed-$broken.png"
    quern-ingest --dry-run icons >report
    tail -n 1 report
    sh -eu -c "$(tail -n 1 report)" >/dev/null 2>&1
done
# Photographs of many sizes: none is that of most.
mkdir -p many/three
image dark many/three/1.png
image wide many/three/2.png
cp seed-1.png many/three
advise many
sh -eu -c "$(tail -n 1 report)"
# Beside an empty valid/ no other is made.
mkdir -p half/valid half/train
cp -r icons/seven half/train
quern-ingest --dry-run half | tail -n 1
sh -eu -c "$(quern-ingest --dry-run half | tail -n 1)"
