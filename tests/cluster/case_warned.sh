# Before its time is over, a job is warned (--signal=B:USR1@120).  Slurm looks at times twice a minute;
# the same signal is sent here by hand.
# shellcheck shell=sh disable=SC2154
need_long_run
submit --threads 1 --from train --store "$cluster/store.h5" --train-options "$long"
wait_until_under_way work/run
scancel --batch --signal=USR1 "$id_train"
wait_for "a second start" grep -q 'start 2' "work/logs/train-$id_train.log"
state_is "$id_evaluate" PENDING || fail "evaluate is $(field "$id_evaluate" JobState)"
expect_state "$id_evaluate" COMPLETED
expect_restarts "$id_train" 1
expect_text "work/logs/train-$id_train.log" 'interrupted (exit code 75)'
expect_text "work/logs/train-$id_train.log" 'start 1'
expect_saved work/run
expect_same_run "$cluster/long/run" work/run
