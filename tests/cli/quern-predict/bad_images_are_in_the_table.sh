# The good ones are classified all the same, and the bad ones keep their place.
make_store store.h5
quern-train store.h5 --output run --model nearest-mean >/dev/null
for name in truncated jpeg wide black; do
    image $name $name.png
done
expect 65 quern-predict run/epoch-0001.h5 truncated.png black.png wide.png
expect 65 quern-predict run/epoch-0001.h5 truncated.png --jsonl table.jsonl
cat table.jsonl
expect 65 quern-predict run/epoch-0001.h5 --max-pixels 15 black.png
printf 'black.png\n\nnowhere.png\n' | expect 74 quern-predict run/epoch-0001.h5 -
expect 74 quern-predict run/epoch-0001.h5 nowhere.png
