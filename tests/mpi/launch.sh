#!/bin/sh
# Starts a command on several ranks of this machine, more than it has processors if need be, as
# root too.
#
# Usage: launch.sh NUM_RANKS COMMAND [ARGUMENT...]
# Exit status: mpirun's.
set -eu

# The processes of a test are their own world, also when the tests run inside somebody's job.
for variable in $(env | sed -n 's/^\(SLURM_[A-Z_]*\|PMI_[A-Z_]*\|PMIX_[A-Z_]*\)=.*/\1/p'); do
    unset "$variable"
done
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
export OMPI_MCA_rmaps_base_oversubscribe=1 OMPI_MCA_hwloc_base_binding_policy=none
# Ranks that wait leave the processor to those that work.
export OMPI_MCA_mpi_yield_when_idle=1 OMP_WAIT_POLICY=passive
# One machine needs no network.
export OMPI_MCA_btl=vader,self OMPI_MCA_pml=ob1

num_ranks=$1
shift
exec "${QUERN_MPIRUN:-mpirun}" -n "$num_ranks" "$@"
