# Ten drawn digits and coloured ones, with nothing but a store.
for set in 'digits 0.97 --train 60 --valid 30 --classes 0,1,2,3,4,5,6,7,8,9' \
    'colour 0.93 --train 40 --valid 30 --classes 1,2,4,7,8 --rgb --size 32x32'; do
    # shellcheck disable=SC2086 # words
    set -- $set
    name=$1 least=$2
    shift 2
    quern-draw "$name" "$@" >/dev/null
    quern-ingest "$name" "$name.h5" >/dev/null
    quern-train "$name.h5" --output "$name-run" >out
    quern-evaluate "$name-run" "$name.h5" --json 2>/dev/null | sed 's/.*"accuracy":\([0-9.]*\),"mean.*/\1/' |
        awk -v name="$name" -v least="$least" '$1 < least { print name ": " $1 " is less than " least; exit 1 }'
done
