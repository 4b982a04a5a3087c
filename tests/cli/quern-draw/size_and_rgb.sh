quern-draw --size 33x50 --rgb --train 2 --valid 1 digits
quern-ingest digits digits.h5 | tail -n 1
