# A node without power: all of its processes end at once and nothing is saved.  On another node the
# training goes on from its newest checkpoint.
# shellcheck shell=sh disable=SC2154
need_long_run
submit --threads 1 --from train --store "$cluster/store.h5" --train-options "$long"
wait_until_under_way work/run
node=$(field "$id_train" NodeList)
cut_power "$node" "$id_train"
scontrol update nodename="$node" state=down reason=test
wait_for "a second start" grep -q 'start 2' "work/logs/train-$id_train.log"
[ "$(field "$id_train" NodeList)" != "$node" ] || fail "train is on the lost node"
state_is "$id_evaluate" PENDING || fail "evaluate is $(field "$id_evaluate" JobState)"
expect_state "$id_evaluate" COMPLETED
expect_restarts "$id_train" 1
expect_interrupted work/run
[ "$(log_lines work/run stop | wc -l)" -eq 0 ] || fail "the lost node saved its work"
expect_same_run "$cluster/long/run" work/run
start_node "$node"
