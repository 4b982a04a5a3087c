# A learning rate of next to nothing: no epoch after the first is better by accuracy.
make_store store.h5
train() {
    output=$1
    shift
    quern-train store.h5 --recipe lesson --output "$output" --learning-rate 1e-30 --init-std 0.1 --epochs 9 \
        --monitor valid_accuracy --patience 3 "$@"
}
train run
ls -A run
train run
# Killed after two epochs, it stops at the same.
train part >/dev/null
rm part/epoch-0003.h5 part/epoch-0004.h5 part/best.h5
train part --resume >/dev/null
cmp run/epoch-0004.h5 part/epoch-0004.h5
quern-evaluate run store.h5 >/dev/null
