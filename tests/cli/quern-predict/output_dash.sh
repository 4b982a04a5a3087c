# "-" is standard output.
make_store store.h5
quern-train store.h5 --output run --model nearest-mean >/dev/null
quern-predict run/epoch-0001.h5 tree/valid/day --csv -
quern-predict run/epoch-0001.h5 tree/valid/day --jsonl -
echo tree/valid/day/1.png | quern-predict run/epoch-0001.h5 - --csv -
[ ! -e - ]
