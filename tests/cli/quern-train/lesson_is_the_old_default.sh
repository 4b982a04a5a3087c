# --recipe lesson is these options, and an option given beside it wins.
make_store store.h5
quern-train store.h5 --recipe lesson --output lesson --epochs 2 >/dev/null
quern-train store.h5 --output spelled --model linear --loss mae --init normal --init-std 1 --optimizer sgd \
    --learning-rate 1 --momentum 0 --weight-decay 0 --schedule constant --batch-size 256 --epochs 2 >/dev/null
cmp lesson/epoch-0002.h5 spelled/epoch-0002.h5
quern-train store.h5 --recipe=lesson --output other --epochs 2 --learning-rate .5 --momentum .5 --nesterov >/dev/null
! cmp -s lesson/epoch-0002.h5 other/epoch-0002.h5
quern-train --recipe lesson --help | sed -n 's/^  --optimizer.*/&/p; /what makes a step/p'
