# The loss of each batch is taken before its update: that of the last one says nothing of what the
# update leaves.  Weight decay multiplies parameters by 10^12 here, so that the third is too many.
make_store store.h5
# diverge RUN_DIR OPTION...
diverge() {
    run=$1
    shift
    expect 65 quern-train store.h5 --recipe lesson --output "$run" --loss cross-entropy --learning-rate 1e6 \
        --weight-decay 1e6 --init-std 1e6 "$@"
}
diverge last --batch-size 2 --epochs 1
ls last
# The checkpoints before it stay.  Batches of all six samples: the third epoch ends the run.
diverge late --batch-size 6 --epochs 3
ls late
# In the middle of a run, by the loss.
diverge middle --batch-size 1 --epochs 9
ls middle
# Without samples to validate on too.
rm -r tree/valid
quern-ingest tree train_only.h5 >/dev/null
expect 65 quern-train train_only.h5 --recipe lesson --output alone --loss cross-entropy --learning-rate 1e6 \
    --weight-decay 1e6 --init-std 1e6 --batch-size 2 --epochs 1
ls alone
