# More classes than a matrix has room for: the most frequent confusions.
for class in $(seq -w 1 25); do
    for number in 1 2 3; do
        for split in train valid; do
            case $class-$number in
            07-3 | 19-1) image dark "tree/$split/class_$class/$number.png" ;;
            *) image light "tree/$split/class_$class/$number.png" ;;
            esac
        done
    done
done
quern-ingest tree store.h5 >/dev/null
quern-train store.h5 --output run --model nearest-mean >/dev/null
quern-evaluate run/epoch-0001.h5 store.h5
