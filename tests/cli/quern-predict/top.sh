make_store store.h5
quern-train store.h5 --output run --model nearest-mean >/dev/null
quern-predict run/epoch-0001.h5 tree/valid/day --top 1
quern-predict run/epoch-0001.h5 tree/valid/day --top 9 --jsonl top.jsonl
cat top.jsonl
