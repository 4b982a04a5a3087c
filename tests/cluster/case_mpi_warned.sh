# A training over two nodes that is warned: all ranks stop after the same update, and go on from it.
# shellcheck shell=sh disable=SC2154
options="$lesson --epochs 4000 --checkpoint-every 500"
# Its words are options.
# shellcheck disable=SC2086
"$QUERN_BIN/quern-train" "$cluster/store.h5" --output run --threads 1 $options >run.log 2>&1
submit --threads 1 --only train --store "$cluster/store.h5" --train-options "$options" --nodes 2
wait_until_under_way work/run
scancel --batch --signal=USR1 "$id_train"
expect_state "$id_train" COMPLETED
expect_restarts "$id_train" 1
expect_saved work/run
expect_same_run run work/run
