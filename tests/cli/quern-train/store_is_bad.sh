make_store store.h5
expect 74 quern-train nowhere.h5 --recipe lesson --output run
echo text >text.h5
expect 65 quern-train text.h5 --recipe lesson --output run
: >empty.h5
expect 65 quern-train empty.h5 --recipe lesson --output run
head -c 5000 store.h5 >truncated.h5
expect 65 quern-train truncated.h5 --recipe lesson --output run
quern-train store.h5 --recipe lesson --output means --model nearest-mean >/dev/null
expect 65 quern-train means/epoch-0001.h5 --recipe lesson --output run
[ ! -e run ]
