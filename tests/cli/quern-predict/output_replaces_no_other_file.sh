# A table replaces a table; anything else only with --force, and an input never.
make_store store.h5
quern-train store.h5 --output run --model nearest-mean >/dev/null
predict() {
    quern-predict run/epoch-0001.h5 tree/valid/day "$@"
}
echo thesis >thesis.txt
for option in --csv --jsonl --output; do
    expect 65 predict $option thesis.txt
    expect 65 predict $option store.h5
    predict $option table
    predict $option table # of its own kind
    rm table
    expect 2 predict $option tree/valid/day/1.png --force
    expect 2 predict $option run/epoch-0001.h5 --force
done
cat thesis.txt
predict --csv thesis.txt --force
head -n 1 thesis.txt
# A FIFO is written in order.
mkfifo pipe
predict --csv pipe &
wc -l <pipe
wait
find . -name '*partial*'
