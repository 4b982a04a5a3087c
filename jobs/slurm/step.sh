#!/bin/sh
# Started by srun in place of a stage: the threads of the task that this process is.
set -u

# Threads stay on their cores where the task has its CPUs for itself.  Where Slurm binds no tasks,
# two jobs on a node would share the same first cores and leave the others idle.
if [ "$(env -u OMP_NUM_THREADS nproc)" -eq "$SLURM_CPUS_PER_TASK" ]; then
    export OMP_PROC_BIND="${OMP_PROC_BIND:-close}" OMP_PLACES="${OMP_PLACES:-cores}"
else
    # And a thread that waits leaves its processor to others.
    export OMP_WAIT_POLICY="${OMP_WAIT_POLICY:-passive}"
fi
stage=$1
shift
exec "$stage" --threads "$SLURM_CPUS_PER_TASK" "$@"
