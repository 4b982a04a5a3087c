# By a job of a partition of higher priority, which needs the node that trains.
# shellcheck shell=sh disable=SC2154
need_long_run
submit --threads 1 --from train --store "$cluster/store.h5" --train-options "$long"
wait_until_under_way work/run
node=$(field "$id_train" NodeList)
urgent=$(sbatch --parsable --partition=urgent --nodelist="$node" --cpus-per-task=2 --output=urgent.log \
    --wrap='touch urgent; while [ ! -e enough ]; do sleep 0.2; done')
wait_for "the urgent job" test -e urgent
[ "$(field "$id_train" NodeList)" != "$node" ] || fail "train is still on $node"
expect_restarts "$id_train" 1
state_is "$id_evaluate" PENDING || fail "evaluate is $(field "$id_evaluate" JobState)"
touch enough
expect_state "$urgent" COMPLETED
expect_state "$id_evaluate" COMPLETED
expect_saved work/run
expect_same_run "$cluster/long/run" work/run
