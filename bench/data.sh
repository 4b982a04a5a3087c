# Sourced by run.sh: the images that both sides work on, and the store and archive made of them.
# shellcheck shell=sh disable=SC2034,SC2154

# As many as the lesson's MNIST_SAMPLE has: 12,396 to train on and 2,038 to validate.
drawn_train_per_class=6198
drawn_valid_per_class=1019

# Sets tree, tar_archive, store, classes and data_description.
get_data() {
    if [ -z "$data" ]; then
        setup_say "drawing digits"
        tree=$work/digits
        stopwatch "$programs/quern-draw" "$tree" --train "$drawn_train_per_class" \
            --valid "$drawn_valid_per_class" >/dev/null
        data_description="drawn digits"
    elif [ -d "$data" ]; then
        tree=$(CDPATH='' cd -- "$data" && pwd)
        data_description=$(basename -- "$tree")
    else
        setup_say "unpacking $data"
        mkdir -- "$work/unpacked" || exit 74
        tar -xf "$data" --no-same-owner -C "$work/unpacked" ||
            fail 1 "$data: cannot be unpacked"
        tree=$(find "$work/unpacked" -type d -name train | head -n 1)
        [ -n "$tree" ] || fail 1 "$data: holds no folder train"
        tree=$(dirname -- "$tree")
        data_description=$(basename -- "$data")
    fi
    make_store
    tar_archive=$work/images.tar
    tar -cf "$tar_archive" -C "$tree" . || exit 74
}

make_store() {
    store=$work/store.h5
    # The lesson's order where the classes are the lesson's: 7 is class 0, 3 is class 1.
    ingest_options="--threads $num_threads"
    [ ! -d "$tree/train/3" ] || [ ! -d "$tree/train/7" ] ||
        ingest_options="$ingest_options --classes 7,3"
    # These options are words to split.
    # shellcheck disable=SC2086
    "$programs/quern-ingest" $ingest_options "$tree" "$store" >"$work/ingest.log" 2>&1 || {
        cat -- "$work/ingest.log" >&2
        fail 1 "$tree: cannot be ingested"
    }
    summary=$(tail -n 1 "$work/ingest.log")
    case $summary in
    *', 2 classes,'*) ;;
    *) fail 1 "$tree: the peers' model is for two classes: $summary" ;;
    esac
    num_images=${summary#*: }
    num_images=${num_images%% images*}
    data_description="$data_description, ${summary#*: }"
}
