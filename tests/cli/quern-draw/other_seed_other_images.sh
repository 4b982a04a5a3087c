quern-draw --train 1 --valid 0 default >/dev/null
quern-draw --train 1 --valid 0 --seed 1 one >/dev/null
quern-draw --train 1 --valid 0 --seed 2 two >/dev/null
diff -r default one
expect 1 cmp -s one/train/3/000000.png two/train/3/000000.png
