# Sourced by the .sbatch scripts, in the job: its stage under srun, and back into the queue when it
# was interrupted, as long as it gets on.  `jobs` is the folder above this one.
# shellcheck shell=sh disable=SC2034,SC2154
set -u

program=$SLURM_JOB_NAME
here=$jobs/slurm
# shellcheck source=jobs/common.sh
. "$jobs/common.sh"
# shellcheck source=jobs/checks.sh
. "$jobs/checks.sh"
# shellcheck source=jobs/starts.sh
. "$jobs/starts.sh"

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

rank=no list=no merge=no num_shards='' chain=
own_flags='--force --rank --list --merge'
own_options='--mpi --sweep --shards --chain'
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
    --chain) chain=$2 ;;
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
    use_local_scratch
    say "job $job${chain:+ of the chain $chain}, start $((${SLURM_RESTART_COUNT:-0} + 1)), on $SLURM_JOB_NODELIST," \
        "$(date '+%Y-%m-%d %H:%M:%S')"
}

# A disk of the node, where Slurm is set up to give one: for what ingest copies of a compressed tar.
use_local_scratch() {
    [ ! -d "${SLURM_TMPDIR:-}" ] || spool_to "$SLURM_TMPDIR"
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

# Sets `list_options`: of the options for ingest, those that go with a list, as quern-ingest says.
choose_list_options() {
    list_options=$ingest_options
    while run_check ingest "$list_options" --write-list "$nowhere/list" "$nowhere/source" &&
        [ "$code" -eq 2 ]; do
        option=$(printf '%s\n' "$message" |
            sed -n 's/^quern-ingest: \(--[a-z-]*\) does not go with --write-list.*/\1/p')
        [ -n "$option" ] || return
        list_options=$(without_option "$option" "$list_options")
    done
}

# without_option OPTION WORDS: with the word behind it, if that is its value.
without_option() {
    split_words "$2" | awk -v option="$1" '
        index($0, option "=") == 1 { next }
        $0 == option { is_behind = 1; next }
        is_behind && !/^--/ { is_behind = 0; next }
        { is_behind = 0; print }' |
        while IFS= read -r word; do
            printf '%s ' "$(quote_word "$word")"
        done
}

write_list() {
    choose_list_options
    run_stage ingest "$list_options" ${force:+"$force"} --write-list "$shards/source.list" "$source"
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
    forget_starts
    exit "$1"
}

# Slurm itself has queued a job again, or is ending it for good, unless it still counts as running.
requeue() {
    state=$(again squeue --noheader --jobs="$job" --format=%T)
    case $state in
    RUNNING | SIGNALING) ;;
    *) exit "$1" ;;
    esac
    check_progress
    say "interrupted (exit code $1): job $job goes back into the queue"
    again scontrol requeue "$job" || say "it could not: submit again to go on"
    exit "$1"
}

# again COMMAND...: three times, for a controller that is busy.
again() {
    "$@" || { sleep 5 && "$@"; } || { sleep 10 && "$@"; }
}
