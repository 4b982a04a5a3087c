# A chain that is submitted from within a job, an element of an array: nothing of it is passed on.
# shellcheck shell=sh disable=SC2154
mkdir programs
cat >programs/quern-train <<'END'
#!/bin/sh
echo "element ${SLURM_ARRAY_TASK_ID:-none} scratch ${SLURM_TMPDIR:-none} of $SLURM_CPUS_PER_TASK CPUs"
END
chmod +x programs/quern-train
cat >outer <<END
#!/bin/sh
export SLURM_TMPDIR=/tmp SBATCH_TIMELIMIT=7 SBATCH_PARTITION=urgent
exec "$QUERN_SOURCE/jobs/slurm/submit.sh" --programs programs --work-dir work \
    --store "$cluster/store.h5" --only train --threads 1 >ids
END
sbatch --wait --array=3 --cpus-per-task=2 --output=outer.log outer || fail "$(cat outer.log)"
id=$(sed -n 's/^train //p' ids)
expect_state "$id" COMPLETED
expect_text "work/logs/train-$id.log" 'element none scratch none of 1 CPUs'
[ "$(field "$id" Partition)" = main ] || fail "ran in the partition $(field "$id" Partition)"
[ "$(field "$id" TimeLimit)" = 01:00:00 ] || fail "had the time limit $(field "$id" TimeLimit)"
