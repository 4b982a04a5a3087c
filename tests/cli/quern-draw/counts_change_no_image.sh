quern-draw --classes 3,7 --train 2 --valid 1 few >/dev/null
quern-draw --classes 7,3,1 --train 5 --valid 2 many >/dev/null
for file in train/3/000000.png train/7/000001.png valid/3/000000.png; do
    cmp few/$file many/$file
done
expect 1 cmp -s few/train/3/000000.png few/train/3/000001.png
expect 1 cmp -s few/train/3/000000.png few/valid/3/000000.png
