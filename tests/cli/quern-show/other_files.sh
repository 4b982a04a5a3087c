# What there is nothing to show of, and why.
make_store store.h5
echo thesis >thesis.txt
image white white.png
expect 74 quern-show missing.h5
expect 65 quern-show thesis.txt
expect 65 quern-show white.png
expect 65 quern-show tree
head -c 3000 store.h5 >cut.h5
tail -c 2000 store.h5 >>cut.h5
expect 65 quern-show cut.h5
