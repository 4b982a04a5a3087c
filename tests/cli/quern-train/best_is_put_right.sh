# best.h5 is of the best epoch of the history, whatever a run that began anew or a hand left there.
quern-draw digits --train 40 --valid 20 --size 12x12 >/dev/null
quern-ingest digits store.h5 >/dev/null
train() {
    quern-train store.h5 --output run --layers 'dense:8 relu' --learning-rate 0.1 --schedule constant "$@"
}
train --epochs 4 >/dev/null
train --epochs 6 --resume >out
best=$(sed -n 's/.*the best by valid_loss is epoch \([0-9]*\),.*/\1/p' out)
cmp "run/epoch-000$best.h5" run/best.h5
cp run/epoch-0001.h5 run/best.h5
train --epochs 6 --resume
cmp "run/epoch-000$best.h5" run/best.h5
rm run/best.h5
train --epochs 8 --resume >out
best=$(sed -n 's/.*the best by valid_loss is epoch \([0-9]*\),.*/\1/p' out)
cmp "run/epoch-000$best.h5" run/best.h5
# Its checkpoint gone, too.
rm run/best.h5 "run/epoch-000$best.h5"
[ "$best" != 8 ] || exit 0
train --epochs 8 --resume
