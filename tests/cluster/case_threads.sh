# What a stage is given: seen by one that only says so.
# shellcheck shell=sh disable=SC2154
unset OMP_WAIT_POLICY
mkdir programs
cat >programs/quern-train <<'END'
#!/bin/sh
echo "arguments $*"
echo "OMP_PROC_BIND=$OMP_PROC_BIND OMP_PLACES=$OMP_PLACES OMP_WAIT_POLICY=$OMP_WAIT_POLICY."
taskset -cp $$
END
chmod +x programs/quern-train

for threads in 1 2; do
    "$QUERN_SOURCE/jobs/slurm/submit.sh" --programs programs --work-dir work \
        --store "$cluster/store.h5" --only train \
        --threads "$threads" >ids
    id=$(cut -d ' ' -f 2 ids)
    expect_state "$id" COMPLETED
    expect_text "work/logs/train-$id.log" "arguments --threads $threads "
    # Bound where the nodes bind tasks to as many CPUs, or have no more.
    if [ "$threads" -eq 2 ] || grep -q task/affinity "$SLURM_CONF"; then
        expect_text "work/logs/train-$id.log" 'OMP_PROC_BIND=close OMP_PLACES=cores OMP_WAIT_POLICY=.'
    fi
done

# More CPUs than a task has threads, because nothing binds it there: threads may move.
cat >programs/nproc <<'END'
#!/bin/sh
echo 64
END
chmod +x programs/nproc
PATH=$PWD/programs:$PATH "$QUERN_SOURCE/jobs/slurm/submit.sh" --programs programs --work-dir work \
    --store "$cluster/store.h5" --only train --threads 2 >ids
id=$(cut -d ' ' -f 2 ids)
expect_state "$id" COMPLETED
expect_text "work/logs/train-$id.log" 'OMP_PROC_BIND= OMP_PLACES= OMP_WAIT_POLICY=passive.'
