# A directory tells how its run stands; times differ from run to run.
tidy() { sed -E 's/[0-9.,]+ ?[kM]? (samples)/N \1/; s/ [0-9.]+ (s|ms|us) (an epoch|for)/ T \2/; s/at [0-9T:.-]+Z/at TIME/'; }
make_digits store.h5
quern-train store.h5 --output run --recipe lesson --epochs 3 >/dev/null 2>&1
quern-show run 2>err | tidy | sed -n '1,/^history/p'
cat err >&2
quern-show run 2>/dev/null | grep -A 3 '^history'
echo "---- the log goes on past the newest checkpoint, and ends in the middle"
sed -i '/"event":"end"/d' run/log.jsonl
rm run/epoch-0003.h5
printf '{"event":"warning","text":"a \\u001b[31mword"}\nno json\n{"event":"epo' >>run/log.jsonl
quern-show run 2>/dev/null | tidy | sed -n '1,/quern checkpoint/p'
echo "---- a log alone"
rm run/*.h5
quern-show run | tidy | grep -v -e '[|+]' -e '^ *[0-9] *[0-9]'
echo "---- nothing"
mkdir empty
expect 65 quern-show empty
expect 74 quern-show nowhere
