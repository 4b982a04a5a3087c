quern-draw --classes 1 --size 8x8 --train 10001 --valid 0 digits
ls digits/train/1
find digits/train/1/00 -type f | wc -l | tr -d ' '
ls digits/train/1/01
