make_store store.h5
quern-train store.h5 --recipe lesson --output deep/run --model linear --loss cross-entropy --init normal \
    --init-std 0.1 --epochs 2 --batch-size 4 --accumulate 2 --shuffle none --optimizer sgd \
    --learning-rate 0.5 --momentum 0.9 --weight-decay 0.001 --seed 3 --threads 2 --keep 2 \
    --checkpoint-every 1 >out
tail -n 1 out
ls -A deep/run
