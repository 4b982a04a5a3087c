make_store store.h5
quern-train store.h5 --recipe lesson --output run --epochs 1 --init-std 2 >/dev/null
cp run/epoch-0001.h5 before.h5
for option in '--seed 2' '--learning-rate 0.5' '--batch-size 2' '--momentum 0.9' \
    '--weight-decay 0.1' '--accumulate 2' '--shuffle none' '--loss cross-entropy'; do
    # shellcheck disable=SC2086 # an option and its value
    expect 65 quern-train store.h5 --recipe lesson --output run --epochs 2 --init-std 2 --resume $option
done
expect 65 quern-train store.h5 --recipe lesson --output run --epochs 2 --init-std 1 --resume
expect 65 quern-train store.h5 --recipe lesson --output run --epochs 2 --init zeros --resume
expect 65 quern-train store.h5 --recipe lesson --output run --model nearest-mean --resume
cmp run/epoch-0001.h5 before.h5
ls -A run
