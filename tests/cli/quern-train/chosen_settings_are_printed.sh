# What is chosen is what the same options spelled out give.
make_store store.h5
quern-train store.h5 --output run --dry-run | sed -n '/^chosen/p'
quern-train store.h5 --output run --epochs 2 >out
options=$(sed -n 's/^chosen: *//p' out)
eval "quern-train store.h5 --output spelled --epochs 2 $options" >/dev/null
cmp run/epoch-0002.h5 spelled/epoch-0002.h5
for option in '--model linear' '--model mlp' '--model cnn' '--loss mae' '--learning-rate .02' '--optimizer sgd' \
    '--optimizer adam' '--schedule constant' '--warmup 1' '--momentum 0' '--init-std 1' '--batch-size 4' \
    '--input unit' '--beta2 .9' '--model nearest-mean' '--model linear --optimizer sgd'; do
    # shellcheck disable=SC2086 # an option and its value
    quern-train store.h5 --output run --force --dry-run $option | sed -n "s/^chosen/$option/p"
done
