# When a run ends says nothing of what its epochs compute: another patience goes on, to the same bytes.
quern-draw digits --train 40 --valid 20 --size 12x12 >/dev/null
quern-ingest digits store.h5 >/dev/null
train() {
    quern-train store.h5 --layers 'dense:8 relu' --learning-rate 0.1 --schedule constant --epochs 9 "$@" >/dev/null
}
train --output run --patience 1
find run -name 'epoch-*' | wc -l
train --output run --patience 9 --resume
train --output whole --patience 9
cmp run/epoch-0009.h5 whole/epoch-0009.h5
expect 65 train --output run --epochs 9 --momentum 0.5 --resume
