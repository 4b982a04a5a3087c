# Each of them, and what is none.
quern-show --function list
for name in sigmoid relu leaky leaky:0.5 mae cross-entropy; do
    quern-show --function $name
done
expect 2 quern-show --function sigmod
expect 2 quern-show --function sigmoid:3
expect 2 quern-show --function leaky:2
expect 2 quern-show --function tanh
expect 2 quern-show --function relu store.h5
