# What reads pixels, as pictures.
make_digits store.h5
quern-train store.h5 --output linear --recipe lesson --epochs 3 >/dev/null 2>&1
quern-show linear/epoch-0003.h5 --weights
quern-train store.h5 --output means --recipe lesson --model nearest-mean >/dev/null 2>&1
quern-show means/epoch-0001.h5 --weights --count 1
make_digits three.h5 --rgb --classes 1,2,3
quern-train three.h5 --output filters --layers "conv:9:5 relu pool dense:8" --epochs 1 >/dev/null 2>&1
COLUMNS=40 quern-show filters/epoch-0001.h5 --weights --count 4
quern-train three.h5 --output units --layers "dense:5 relu" --epochs 1 >/dev/null 2>&1
quern-show units/epoch-0001.h5 --weights --png units.png
head -c 4 units.png | tail -c 3
echo
expect 65 quern-show linear/epoch-0003.h5 --weights --png store.h5
echo "---- no layer reads pixels"
quern-train store.h5 --output none --layers "pool dense:5 relu" --epochs 1 >/dev/null 2>&1
expect 65 quern-show none/epoch-0001.h5 --weights
expect 65 quern-show store.h5 --weights
echo "---- no file of a run is replaced"
cp -r linear linear_before
ln -s linear/log.jsonl log
for png in linear/epoch-0002.h5 linear/../linear/epoch-0003.h5 linear/best.h5 linear/log.jsonl log; do
    expect 2 quern-show linear --weights --png $png --force
    expect 2 quern-show linear/epoch-0003.h5 --weights --png $png --force
done
diff -r linear linear_before
quern-show linear --weights --png linear/weights.png
