# Without a time of grace, Slurm queues the job again itself, and kills what has not ended ten seconds
# later (KillWait).
# shellcheck shell=sh disable=SC2154
scontrol update partitionname=main gracetime=0
need_long_run
submit --threads 1 --from train --store "$cluster/store.h5" --train-options "$long"
wait_until_under_way work/run
node=$(field "$id_train" NodeList)
urgent=$(sbatch --parsable --partition=urgent --nodelist="$node" --cpus-per-task=2 --output=urgent.log \
    --wrap='true')
expect_state "$urgent" COMPLETED
expect_state "$id_evaluate" COMPLETED
expect_restarts "$id_train" 1
expect_no_text "work/logs/train-$id_train.log" 'back into the queue'
expect_saved work/run
expect_same_run "$cluster/long/run" work/run
