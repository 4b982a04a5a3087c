# A FIFO that nobody reads is not waited for.
make_store store.h5
mkdir run
mkfifo run/log.jsonl
expect 74 timeout -k 1 20 quern-train store.h5 --recipe lesson --output run --epochs 1
ls run
