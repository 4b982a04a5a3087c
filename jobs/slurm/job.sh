# Sourced by the .sbatch scripts, in the job: its stage under srun, and back into the queue when it
# was interrupted.  `jobs` is the folder above this one.
# shellcheck shell=sh disable=SC2034,SC2154
set -u

program=$SLURM_JOB_NAME
here=$jobs/slurm
# shellcheck source=jobs/common.sh
. "$jobs/common.sh"

: "${SLURM_CPUS_PER_TASK:=1}"
# The element of an array that Slurm starts last has the array's own id as SLURM_JOB_ID: to name it
# would be to name all of them.
job=$SLURM_JOB_ID
[ -z "${SLURM_ARRAY_TASK_ID:-}" ] || job=${SLURM_ARRAY_JOB_ID}_$SLURM_ARRAY_TASK_ID

# A warning reaches this shell alone (--signal=B:USR1@120; preemption too, where Slurm is set up so),
# and is passed to the stage.  srun passes SIGUSR1 on; of SIGTERM it would kill the stage.
trap pass_warning USR1 TERM
pass_warning() {
    num_caught=$((num_caught + 1))
    kill -s USR1 "${child:-$!}" 2>/dev/null
}

rank=no list=no merge=no num_shards=
own_flags='--force --rank --list --merge'
own_options='--mpi --sweep --shards'
own_option() {
    case $1 in
    # Anew at the first start of the job only.
    --force) [ "${SLURM_RESTART_COUNT:-0}" -gt 0 ] || force=--force ;;
    --rank) rank=yes ;;
    --list) list=yes ;;
    --merge) merge=yes ;;
    --mpi) mpi=$2 ;;
    --sweep) sweep=$2 ;;
    --shards) num_shards=$2 ;;
    esac
}

# begin_job STAGES ARGUMENT...
begin_job() {
    stages=$1
    shift
    parse_arguments "$@"
    [ -z "$settings" ] || read_settings "$settings"
    check_stages
    find_programs
    mkdir -p -- "$work_dir" || fail 74 "$work_dir: cannot make the work folder"
    say "job $job, start $((${SLURM_RESTART_COUNT:-0} + 1)), on $SLURM_JOB_NODELIST," \
        "$(date '+%Y-%m-%d %H:%M:%S')"
}

# Training may have several tasks; the other stages are one process.
launch() {
    # Warned before there was a stage to pass it to.
    [ "$num_caught" -eq 0 ] || exit 75
    num_tasks=1
    [ "$stage" != train ] || num_tasks=${SLURM_NTASKS:-1}
    if [ "$num_tasks" -gt 1 ]; then
        # All tasks end together, or soon after one was lost; not at once after the first, as
        # with --kill-on-bad-exit, for one may still be saving when another has ended with 75.
        set -- --mpi="${mpi:-pmix}" --wait=20 "$here/step.sh" "$@"
    else
        set -- --nodes=1 "$here/step.sh" "$@"
    fi
    # srun does not take the CPUs of a task over from the job.
    exec srun --ntasks="$num_tasks" --cpus-per-task="$SLURM_CPUS_PER_TASK" --cpu-bind=cores "$@"
}

# ---- Ingest in shards ----

make_shards_folder() {
    shards=$work_dir/shards
    mkdir -p -- "$shards" || fail 74 "$shards: cannot make this folder"
}

# Of the options for ingest, those that a list depends on.
write_list() {
    words=$(split_words "$ingest_options" | awk '
        is_value || /^--(va|se)/ { print; is_value = !is_value && !/=/ }')
    run_stage ingest "$words" ${force:+"$force"} --write-list "$shards/source.list" "$source"
}

# ingest_shard INDEX: of 1 to num_shards.
ingest_shard() {
    run_stage ingest "$ingest_options" --list "$shards/source.list" --shard "$1/$num_shards" \
        ${force:+"$force"} "$source" "$(shard_name "$1")"
}

merge_shards() {
    set --
    while [ $# -lt "$num_shards" ]; do
        set -- "$@" "$(shard_name $(($# + 1)))"
    done
    run_stage ingest '' --merge ${force:+"$force"} "$store" "$@"
}

shard_name() {
    printf '%s/%s-of-%s.h5\n' "$shards" "$1" "$num_shards"
}

# ---- The end ----

# end_job EXIT_CODE
end_job() {
    case $1 in
    # Stopped after saving; ended by SIGUSR1, by SIGTERM.
    75 | 138 | 143) requeue "$1" ;;
    esac
    exit "$1"
}

# Slurm itself has queued a job again, or is ending it for good, unless it still counts as running.
requeue() {
    state=$(again squeue --noheader --jobs="$job" --format=%T)
    case $state in
    RUNNING | SIGNALING) ;;
    *) return ;;
    esac
    say "interrupted (exit code $1): job $job goes back into the queue"
    again scontrol requeue "$job" || say "it could not: submit again to go on"
}

# again COMMAND...: three times, for a controller that is busy.
again() {
    "$@" || { sleep 5 && "$@"; } || { sleep 10 && "$@"; }
}
