# A node that is lost saves nothing: on another one, the training goes on from its newest checkpoint.
# shellcheck shell=sh disable=SC2154
need_long_run
submit --threads 1 --from train --store "$cluster/store.h5" --train-options "$long"
wait_until_under_way work/run
node=$(field "$id_train" NodeList)
scontrol update nodename="$node" state=down reason=test
wait_for "a second start" grep -q 'start 2' "work/logs/train-$id_train.log"
[ "$(field "$id_train" NodeList)" != "$node" ] || fail "train is on the lost node"
state_is "$id_evaluate" PENDING || fail "evaluate is $(field "$id_evaluate" JobState)"
expect_state "$id_evaluate" COMPLETED
expect_restarts "$id_train" 1
expect_interrupted work/run
expect_same_run "$cluster/long/run" work/run
