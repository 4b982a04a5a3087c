make_store store.h5
quern-train store.h5 --output run --model nearest-mean >/dev/null
mkdir empty
echo words >empty/words.txt
expect 2 quern-predict
expect 2 quern-predict run
expect 2 quern-predict run tree --csv a --jsonl b
expect 2 quern-predict run tree --csv a --output b
expect 2 quern-predict run tree --top 0
expect 2 quern-predict run tree --top 3 --output b
expect 2 quern-predict run tree --force
expect 2 quern-predict run tree --max-pixels 0
expect 2 quern-predict run tree --jsn b
expect 65 quern-predict run empty
expect 65 quern-predict empty tree
expect 74 quern-predict run nowhere
