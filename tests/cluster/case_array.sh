# Of an array, one element is warned: the one whose SLURM_JOB_ID is that of the array, so that a
# script which names its job by that would send all of them back.
# shellcheck shell=sh disable=SC2154
need_long_run
printf '%s %s\n' one "$long" two "$long" >table
submit --threads 1 --from train --store "$cluster/store.h5" --sweep table
for name in one two; do
    wait_until_under_way "work/sweep/$name/run"
done
number=$(squeue --noheader --array --jobs="$id_sweep" --format='%A %K' | sed -n "s/^$id_sweep //p")
scancel --batch --signal=USR1 "${id_sweep}_$number"
expect_state "$id_rank" COMPLETED
for other in 1 2; do
    if [ "$other" -eq "$number" ]; then
        expect_restarts "${id_sweep}_$other" 1
    else
        expect_restarts "${id_sweep}_$other" 0
    fi
done
expect_saved "work/sweep/$(sed -n "$number s/ .*//p" table)/run"
for name in one two; do
    expect_same_run "$cluster/long/run" "work/sweep/$name/run"
done
