# The best epoch's checkpoint, the same bytes, also for a run that is killed or resumed.
quern-draw digits --train 40 --valid 20 --size 12x12 >/dev/null
quern-ingest digits store.h5 >/dev/null
quern-train store.h5 --output run --epochs 4 --layers 'dense:8 relu' --learning-rate 0.03 >out
best=$(sed -n 's/.*the best by valid_loss is epoch \([0-9]*\),.*/\1/p' out)
cmp "run/epoch-000$best.h5" run/best.h5
[ "$best" = "$(awk '$1 ~ /\// && (!n || $3 < least) { n = $1; least = $3 } END { print n + 0 }' out)" ]
# An epoch whose checkpoint is not due, and a run that goes on.
for threads in 1 3; do
    quern-train store.h5 --output "other$threads" --epochs 4 --layers 'dense:8 relu' --learning-rate 0.03 \
        --checkpoint-every 4 --threads "$threads" >/dev/null
    cmp run/best.h5 "other$threads/best.h5"
done
quern-evaluate run store.h5 --select best | sed -n 's/ *loss.*//p' >/dev/null
expect 2 quern-evaluate run/best.h5 store.h5 --select best
rm run/best.h5
expect 65 quern-evaluate run store.h5 --select best
