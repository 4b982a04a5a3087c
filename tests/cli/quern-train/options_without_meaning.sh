# What would do nothing is refused.
make_store store.h5
expect 2 quern-train store.h5 --recipe lesson --output run --distance l2
for option in '--loss mae' '--optimizer sgd' '--learning-rate 1' '--momentum 0.5' \
    '--weight-decay 0.1' '--init zeros' '--init-std 2' '--init-from a.h5' '--shuffle none' \
    '--batch-size 5' '--accumulate 2' '--epochs 3' '--seed 4' '--checkpoint-every 2'; do
    # shellcheck disable=SC2086 # an option and its value
    expect 2 quern-train store.h5 --recipe lesson --output run --model nearest-mean $option
done
expect 2 quern-train store.h5 --recipe lesson --output run --init zeros --init-from a.h5
expect 2 quern-train store.h5 --recipe lesson --output run --init zeros --init-std 2
[ ! -e run ]
