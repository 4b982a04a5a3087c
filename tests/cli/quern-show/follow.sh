# A run followed from before it begins until it ends; lines where standard output is a file.
tidy() { sed -E 's/^[0-9]{4}-[0-9T:.-]+Z /TIME /; s/, [0-9.]+ (s|ms|us)$/, T/'; }
make_digits store.h5
quern-show run --follow >out 2>err &
follower=$!
quern-train store.h5 --output run --recipe lesson --epochs 3 >/dev/null 2>&1
wait $follower
tidy <out
echo "---- a run that has ended"
quern-show run --follow | tail -n 1 | tidy
echo "---- a process that was killed, its run taken up again"
head -n 6 run/log.jsonl >log
printf '{"event":"epo' >>log
mv log run/log.jsonl
rm run/epoch-0003.h5
quern-show run --follow | tail -n 1 | tidy
quern-train store.h5 --output run --recipe lesson --epochs 3 --resume >/dev/null 2>&1
quern-show run --follow | tidy
echo "---- Ctrl-C"
quern-show nowhere --follow 2>waiting &
follower=$!
until [ -s waiting ]; do sleep 0.05; done
# A shell ignores SIGINT for what it starts in the background.
kill -TERM $follower
expect 0 wait $follower
expect 65 quern-show store.h5 --follow
