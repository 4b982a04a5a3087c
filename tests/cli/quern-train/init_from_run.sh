# A run, its layers and the scale of its input; other classes keep all but the last layer.
quern-draw digits --classes 3,7 --train 40 --valid 20 --size 12x12 >/dev/null
quern-ingest digits store.h5 >/dev/null
quern-draw other --classes 0,1,2 --train 40 --valid 20 --size 12x12 --seed 2 >/dev/null
quern-ingest other other.h5 >/dev/null
quern-train store.h5 --output run --epochs 2 --layers 'conv:4 norm relu avgpool dense:8 relu' >/dev/null
quern-train store.h5 --output next --epochs 1 --init-from run >/dev/null
quern-train store.h5 --output same --epochs 1 --init-from run/epoch-0002.h5 >/dev/null
cmp next/epoch-0001.h5 same/epoch-0001.h5
expect 65 quern-train other.h5 --output new --epochs 1 --init-from run
quern-train other.h5 --output new --epochs 1 --init-from run --new-classes --dry-run | sed -n '/^network/p'
for threads in 1 2 3; do
    quern-train other.h5 --output "new$threads" --epochs 2 --init-from run --new-classes \
        --freeze norm1,conv1 --average .9 --clip-norm .1 --threads "$threads" >/dev/null
    cmp new1/epoch-0002.h5 "new$threads/epoch-0002.h5"
done
expect 2 quern-train other.h5 --output no --init-from run --new-classes --model linear
expect 2 quern-train other.h5 --output no --new-classes
expect 2 quern-train store.h5 --output no --freeze conv9
expect 2 quern-train store.h5 --output no --freeze relu1
expect 2 quern-train store.h5 --output no --freeze ''
expect 2 quern-train store.h5 --output no --model linear --freeze linear
expect 2 quern-train store.h5 --output no --layers 'dense:8' --freeze dense1,output
expect 65 quern-train store.h5 --output no --init-from .
