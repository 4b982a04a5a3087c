# A signal stops it in good order: no file is left, and what standard output has stays.
make_store store.h5
quern-train store.h5 --output run --model nearest-mean >/dev/null
yes tree/valid/day/1.png | head -n 300000 >list || :
# wait_for COMMAND...: until it succeeds, for a minute at most.
wait_for() {
    for _ in $(seq 600); do
        if "$@"; then return; fi
        sleep 0.1
    done
    echo "not seen: $*"
    exit 1
}
has_partial() {
    [ -n "$(find . -name '.table.*.partial')" ]
}
for option in --csv --jsonl --output; do
    for signal in INT TERM; do
        quern-predict run/epoch-0001.h5 - $option table --threads 2 <list &
        wait_for has_partial
        kill -s $signal $!
        expect 75 wait $!
        find . -name '*table*'
    done
done
quern-predict run/epoch-0001.h5 - <list >table 2>message &
wait_for test -s table
kill -s INT $!
expect 75 wait $!
sed 's/after [0-9]* of/after N of/' message
[ "$(wc -l <table)" -lt 300000 ]
[ "$(tail -n 1 table | tr -cd , | wc -c)" -eq 5 ]
rm table
# While it waits for the list.
mkfifo pipe
rm message
quern-predict run - --csv table <pipe 2>message &
exec 3>pipe
wait_for test -s message
kill -s TERM $!
expect 75 wait $!
exec 3>&-
sed 1d message # which checkpoint it takes
find . -name '*table*'
# What a dead process left is removed.
echo part >.table.0123456789abcdef.partial
quern-predict run/epoch-0001.h5 --csv table tree/valid/day
find . -name '*table*'
