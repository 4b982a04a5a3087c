# A job that its user cancels saves what it has, and does not come back.
# shellcheck shell=sh disable=SC2154
need_long_run
submit --threads 1 --from train --store "$cluster/store.h5" --train-options "$long"
wait_until_under_way work/run
scancel "$id_train"
expect_state "$id_train" CANCELLED
expect_state "$id_evaluate" CANCELLED
expect_restarts "$id_train" 0
expect_no_text "work/logs/train-$id_train.log" 'back into the queue'
log_lines work/run stop >stops
expect_file stops

# Submitted again it goes on.
submit --threads 1 --from train --store "$cluster/store.h5" --train-options "$long"
expect_state "$id_evaluate" COMPLETED
expect_saved work/run
expect_same_run "$cluster/long/run" work/run
