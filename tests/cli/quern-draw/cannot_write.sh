echo file >in_the_way
expect 74 quern-draw in_the_way
expect 74 quern-draw in_the_way/digits
mkdir -p digits/train/3/000000.png
expect 74 quern-draw --force --train 1 --valid 0 --threads 1 digits
cat in_the_way
