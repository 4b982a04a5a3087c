quern-draw --classes 1 --size 8x8 --train 10001 --valid 0 digits
ls digits/train/1
ls digits/train/1/00 | wc -l | tr -d ' '
ls digits/train/1/01
