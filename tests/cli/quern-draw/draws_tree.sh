quern-draw --classes 0,9 --train 2 --valid 1 --test 1 digits
find digits | sort
quern-ingest digits digits.h5 | tail -n 1
