make_store store.h5
expect 2 quern-train
expect 2 quern-train store.h5
expect 2 quern-train --output run
expect 2 quern-train store.h5 --recipe lesson other.h5 --output run
expect 2 quern-train store.h5 --recipe lesson --output ''
expect 2 quern-train store.h5 --recipe lesson --output
expect 2 quern-train store.h5 --recipe lesson --output run --no-such-option
expect 2 quern-train store.h5 --recipe lesson --output run --resume=yes
expect 2 quern-train store.h5 --recipe lesson --output run --model forest
expect 2 quern-train store.h5 --recipe lesson --output run --loss mse
expect 2 quern-train store.h5 --recipe lesson --output run --optimizer rmsprop
expect 2 quern-train store.h5 --recipe lesson --output run --nesterov
expect 2 quern-train store.h5 --recipe lesson --output run --schedule one-cycle
expect 2 quern-train store.h5 --recipe lesson --output run --step-epochs 3
expect 2 quern-train store.h5 --recipe lesson --output run --label-smoothing 0.1
expect 2 quern-train store.h5 --recipe lesson --output run --input standard
expect 2 quern-train store.h5 --recipe lesson --output run --init he
expect 2 quern-train store.h5 --recipe lesson --output run --hidden 12
expect 2 quern-train store.h5 --recipe lesson --output run --model mlp --hidden 12,none
expect 2 quern-train store.h5 --recipe lesson --output run --model mlp --layers relu
expect 2 quern-train store.h5 --recipe lesson --output run --layers cnov:3
expect 2 quern-train store.h5 --recipe lesson --output run --layers "dense:16 conv:8"
expect 2 quern-train store.h5 --recipe lesson --output run --layers "res(conv:8)"
expect 2 quern-train store.h5 --recipe lesson --output run --layers dense:1000000000000
expect 2 quern-train store.h5 --recipe lesson --output run --layers conv:8:4
expect 2 quern-train store.h5 --recipe lesson --output run --model cnn --augment twist:3
expect 2 quern-train store.h5 --recipe lesson --output run --model cnn --augment rotate
expect 2 quern-train store.h5 --recipe lesson --model cnn --find-lr --learning-rate 1
expect 2 quern-train store.h5 --recipe lesson --output run --shuffle some
expect 2 quern-train store.h5 --recipe lesson --output run --shuffle window
expect 2 quern-train store.h5 --recipe lesson --output run --shuffle window:
expect 2 quern-train store.h5 --recipe lesson --output run --shuffle window:0
expect 2 quern-train store.h5 --recipe lesson --output run --shuffle window:2x
expect 2 quern-train store.h5 --recipe lesson --output run --memory-limit 0
expect 2 quern-train store.h5 --recipe lesson --output run --memory-limit 1.5G
expect 2 quern-train store.h5 --recipe lesson --output run --memory-limit 12MB
expect 2 quern-train store.h5 --recipe lesson --output run --memory-limit M
expect 2 quern-train store.h5 --recipe lesson --output run --memory-limit 20000000T
expect 2 quern-train store.h5 --recipe lesson --output run --epochs 0
expect 2 quern-train store.h5 --recipe lesson --output run --epochs 1.5
expect 2 quern-train store.h5 --recipe lesson --output run --batch-size 0
expect 2 quern-train store.h5 --recipe lesson --output run --batch-size -1
expect 2 quern-train store.h5 --recipe lesson --output run --accumulate 0
expect 2 quern-train store.h5 --recipe lesson --output run --learning-rate 0
expect 2 quern-train store.h5 --recipe lesson --output run --learning-rate nan
expect 2 quern-train store.h5 --recipe lesson --output run --learning-rate 0x1
expect 2 quern-train store.h5 --recipe lesson --output run --momentum 1
expect 2 quern-train store.h5 --recipe lesson --output run --weight-decay -1
expect 2 quern-train store.h5 --recipe lesson --output run --init-std 0
expect 2 quern-train store.h5 --recipe lesson --output run --keep 0
expect 2 quern-train store.h5 --recipe lesson --output run --checkpoint-every 0
expect 2 quern-train store.h5 --recipe lesson --output run --threads 1025
expect 2 quern-train store.h5 --recipe lesson --output run --seed ' 1'
expect 2 quern-train store.h5 --recipe lesson --output run --lr 0.1
expect 2 quern-train store.h5 --recipe lesson --output run --bs 5
expect 2 quern-train store.h5 --recipe lesson --output run --batch 5
expect 2 quern-train store.h5 --recipe lesson --output run --workers 2
expect 2 quern-train store.h5 --recipe lesson --output run --jobs 2
expect 2 quern-train store.h5 --recipe lesson --out run
expect 2 quern-train store.h5 --recipe lesson --output run --epoch 3
expect 2 quern-train store.h5 --recipe lesson --output run --learning-rate 1e-46
expect 2 quern-train store.h5 --recipe lesson --output run --momentum 1e-46
[ ! -e run ]
