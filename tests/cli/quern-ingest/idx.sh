# IDX files as MNIST has them: eight 2x2 images of the classes 3 and 11, two for testing.
mkdir mnist
{
    printf '\0\0\10\3\0\0\0\10\0\0\0\2\0\0\0\2'
    printf 'aaaabbbbccccddddeeeeffffgggghhhh'
} >mnist/train-images-idx3-ubyte
printf '\0\0\10\1\0\0\0\10\3\13\3\13\3\13\3\13' >mnist/train-labels-idx1-ubyte
printf '\0\0\10\3\0\0\0\2\0\0\0\2\0\0\0\2AAAABBBB' >mnist/t10k-images-idx3-ubyte
printf '\0\0\10\1\0\0\0\2\13\3' >mnist/t10k-labels-idx1-ubyte
echo notes >mnist/README
quern-ingest mnist store.h5
cp -r mnist packed
gzip packed/*ubyte
quern-ingest packed packed.h5
quern-ingest --dry-run packed
quern-ingest packed packed.h5
quern-ingest --valid-fraction 0.4 mnist valid.h5
quern-ingest --size 1x1 --channels rgb mnist small.h5
# A label is another: the store is made again.
printf '\0\0\10\1\0\0\0\2\3\3' >mnist/t10k-labels-idx1-ubyte
quern-ingest mnist store.h5 --verify
expect 2 quern-ingest --write-list list mnist
expect 2 quern-ingest mnist mnist/train-images-idx3-ubyte --force
# Damage: a byte less, a byte more.
printf '\0\0\10\3\0\0\0\2\0\0\0\2\0\0\0\2AAAABBB' >mnist/t10k-images-idx3-ubyte
expect 65 quern-ingest mnist store.h5
printf '\0\0\10\3\0\0\0\2\0\0\0\2\0\0\0\2AAAABBBBC' | gzip >mnist/t10k-images-idx3-ubyte
expect 65 quern-ingest mnist store.h5
ls
