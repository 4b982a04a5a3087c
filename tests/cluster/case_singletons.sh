# Tasks that do not find each other, because of a launcher that is not theirs, would each train the
# whole model in the same folder.
# shellcheck shell=sh disable=SC2154
code=0
srun --nodes=2 --ntasks=2 --mpi=none "$QUERN_BIN/quern-train" "$cluster/store.h5" --recipe lesson --output run \
    >srun.log 2>&1 || code=$?
[ "$code" -eq 2 ] || fail "exit code $code: $(cat srun.log)"
expect_text srun.log 'do not find each other'
expect_no_file run

# The job script stops, too, and is not queued again.
submit --only train --store "$cluster/store.h5" --nodes 2 --mpi none
expect_state "$id_train" FAILED
expect_text "work/logs/train-$id_train.log" 'do not find each other'
expect_no_file work/run
