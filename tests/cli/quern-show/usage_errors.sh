make_store store.h5
expect 2 quern-show
expect 2 quern-show store.h5 --no-such-option
expect 2 quern-show store.h5 --pixels
expect 2 quern-show store.h5 --image train/0 --mean
expect 2 quern-show store.h5 --mean --grid 2x2
expect 2 quern-show store.h5 --class day
expect 2 quern-show store.h5 --split train
expect 2 quern-show store.h5 --png a.png
expect 2 quern-show store.h5 --scale 2
expect 2 quern-show store.h5 --image train/0 --pixels --scale 2
expect 2 quern-show store.h5 --image train/0 --force
expect 2 quern-show store.h5 --grid 0x2
expect 2 quern-show store.h5 --grid 8
expect 2 quern-show store.h5 --color always
expect 2 quern-show store.h5 --seed 2
expect 2 env QUERN_COLOUR=red quern-show store.h5
expect 2 env QUERN_GRAPHICS=ascii quern-show store.h5
