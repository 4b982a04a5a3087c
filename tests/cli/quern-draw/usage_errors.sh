expect 2 quern-draw
expect 2 quern-draw one two
expect 2 quern-draw --no-such-option out
expect 2 quern-draw -xy out
expect 2 quern-draw --rgb=yes out
expect 2 quern-draw out --seed
expect 2 quern-draw --classes 3,10 out
expect 2 quern-draw --classes '' out
expect 2 quern-draw --classes 3,3 out
expect 2 quern-draw --classes cat,dog out
expect 2 quern-draw --train -1 out
expect 2 quern-draw --train 1e3 out
expect 2 quern-draw --train 0 --valid 0 out
expect 2 quern-draw --size 28 out
expect 2 quern-draw --size 7x28 out
expect 2 quern-draw --size 28x4097 out
expect 2 quern-draw --threads 0 out
expect 2 quern-draw --seed 18446744073709551616 out
expect 2 quern-draw --class 3 out
expect 2 quern-draw --jobs 3 out
[ ! -e out ]
