# One rank of a training dies: the job ends and says so, does not hang, and is gone on with when it is
# submitted again.
# shellcheck shell=sh disable=SC2154
options="$lesson --epochs 4000 --checkpoint-every 500"
# Its words are options.
# shellcheck disable=SC2086
"$QUERN_BIN/quern-train" "$cluster/store.h5" --output run --threads 1 $options >run.log 2>&1
submit --threads 1 --only train --store "$cluster/store.h5" --train-options "$options" --nodes 2
wait_until_under_way work/run
for process in $(cluster_processes); do
    if grep -qsxz 'SLURM_PROCID=1' "/proc/$process/environ" &&
        grep -qsz 'quern-train' "/proc/$process/cmdline"; then
        kill -s KILL "$process"
    fi
done
expect_state "$id_train" FAILED
expect_text "work/logs/train-$id_train.log" 'task 1: Killed'
expect_restarts "$id_train" 0
submit --threads 1 --only train --store "$cluster/store.h5" --train-options "$options"
expect_state "$id_train" COMPLETED
expect_interrupted work/run
expect_same_run run work/run
