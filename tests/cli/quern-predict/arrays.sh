# Rows of IDX files: black ones are of class 3, white ones of 11.
mkdir digits
{
    printf '\0\0\10\3\0\0\0\4\0\0\0\2\0\0\0\2'
    printf '\1\0\1\0\377\376\377\377\0\0\1\1\377\377\377\374'
} >digits/train-images-idx3-ubyte
printf '\0\0\10\1\0\0\0\4\3\13\3\13' >digits/train-labels-idx1-ubyte
gzip digits/*
quern-ingest --valid-fraction 0 digits store.h5 >ingest.log
quern-train store.h5 --model nearest-mean --output run >train.log
quern-predict run digits 2>/dev/null | cut -d , -f 1,2
