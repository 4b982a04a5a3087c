# One sample is no plural; what the environment says of pictures does not matter to tables.
# tree DIRECTORY DAY NIGHT: the images of the classes.
tree() {
    for split in train valid; do
        image "$2" "$1/$split/day/1.png"
        image "$3" "$1/$split/night/1.png"
    done
}
tree tree dark white
tree swapped white dark
rm -r tree/valid/night
for name in tree swapped; do
    quern-ingest $name $name.h5 --classes day,night >/dev/null 2>&1
    quern-train $name.h5 --output run-$name --model nearest-mean >/dev/null
done
export QUERN_GRAPHICS=bogus QUERN_COLOUR=bogus
quern-evaluate run-tree tree.h5 --output right.h5 2>/dev/null | grep correct$
quern-evaluate run-swapped tree.h5 --output wrong.h5 2>/dev/null | grep correct$
quern-evaluate run-tree run-swapped tree.h5 2>/dev/null | head -n 1
quern-evaluate --compare right.h5 wrong.h5 | grep '^[01] sample'
unset QUERN_GRAPHICS QUERN_COLOUR
quern-show right.h5 | grep '^  samples'
for evaluation in right.h5 wrong.h5; do
    quern-show $evaluation --mistakes 2>/dev/null | head -n 1
done
