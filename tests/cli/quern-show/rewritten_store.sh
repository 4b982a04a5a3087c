# Damage is refused, and a store that has lost its seal is said to have.
make_store store.h5
cp store.h5 damaged.h5
printf 'x' | dd of=damaged.h5 bs=1 seek=5000 conv=notrunc 2>/dev/null
expect 65 quern-show damaged.h5
quern-show store.h5 --verify quick | grep seal
size=$(wc -c <store.h5)
head -c $((size - 52)) store.h5 >bare.h5
quern-show bare.h5 | grep seal
