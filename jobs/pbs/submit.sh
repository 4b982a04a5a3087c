#!/bin/sh
# Submits the chain ingest, train, evaluate to PBS, each stage a job that waits for the one before.
set -u

program=$(basename -- "$0")
here=$(dirname -- "$(readlink -f -- "$0")") || exit 74
jobs=$(CDPATH='' cd -- "$here/.." && pwd) || exit 74
# shellcheck source=jobs/common.sh
. "$jobs/common.sh"
# shellcheck source=jobs/checks.sh
. "$jobs/checks.sh"

usage() {
    cat <<EOF
Usage: $program [--from STAGE | --only STAGE] [--dry-run] --settings FILE

Submits to PBS what quern-pipeline runs on one machine, and prints the ids of
the jobs.  Options of the stages, source and queue are checked first, and with
what is wrong nothing is queued.
FILE is as for quern-pipeline; of a scheduler's keys it may hold NAME (of the
run, for the names of jobs), ACCOUNT, PARTITION (a queue), TIME (minutes, or
hours:minutes:seconds), THREADS, MEMORY, the last three with INGEST_, TRAIN_ or
EVALUATE_ before them too, and SUBMIT_OPTIONS for qsub.

Exit status: 0 submitted, 2 wrong arguments or settings, 65 the source or the
store is not for these options, 69 a program was not found or qsub refused, 74
cannot write.
EOF
}

from='' only=''
own_flags='--help --dry-run'
own_options='--from --only'
own_option() {
    case $1 in
    --help)
        usage
        exit 0
        ;;
    --dry-run) dry_run=yes ;;
    --from) from=$2 ;;
    --only) only=$2 ;;
    esac
}

# submit STAGE AFTER: sets `id`.
submit() {
    stage=$1 after=$2
    use_resources "$stage"
    set -- "$here/stage.pbs"
    words=$(split_words "${submit_options=}")
    set -f
    IFS=$newline
    # shellcheck disable=SC2086
    set -- $words "$@"
    unset IFS
    set +f
    # Minutes alone would be taken for seconds.
    case $job_time in
    '') ;;
    *:*) set -- -l "walltime=$job_time" "$@" ;;
    *) set -- -l "walltime=$job_time:00" "$@" ;;
    esac
    [ -z "$partition" ] || set -- -q "$partition" "$@"
    [ -z "$account" ] || set -- -A "$account" "$@"
    [ -z "$after" ] || set -- -W "depend=afterok:$after" "$@"
    # Some versions of PBS take no longer names.
    set -- qsub -N "$(printf '%.15s' "$stage-$run_name")" -o "$work_dir/logs/" \
        -l "select=1:ncpus=${job_threads:-2}${job_memory:+:mem=$job_memory}" \
        -v "QUERN_JOBS=$jobs,QUERN_STAGE=$stage,QUERN_SETTINGS=$settings" "$@"

    id=$stage
    if [ "$dry_run" = yes ]; then
        print_command "$@"
        return
    fi
    if ! id=$("$@") || [ -z "$id" ]; then
        # Half a chain is none.
        # shellcheck disable=SC2086
        [ -z "$ids" ] || qdel $ids
        fail 69 "qsub did not take the job $stage; nothing is submitted"
    fi
    ids="$ids $id"
    printf '%s %s\n' "$stage" "$id"
}

check_pbs_times() {
    for this_stage in $stages; do
        use_resources "$this_stage"
        case $job_time in
        *[!0-9:]* | :* | *:) fail 2 "$this_stage: a time limit is minutes, or" \
            "hours:minutes:seconds, not \"$job_time\"" ;;
        esac
    done
}

# Where PBS answers at all.
check_queue() {
    [ -n "$partition" ] && queues=$(qstat -Q 2>/dev/null) && [ -n "$queues" ] || return
    printf '%s\n' "$queues" | awk -v queue="${partition%%@*}" '$1 == queue { found = 1 }
        END { exit !found }' || fail 2 "there is no queue $partition"
}

# What a surrounding job has set is not for those that are submitted here.
variables=$(awk 'BEGIN { for (name in ENVIRON) print name }')
for variable in $variables; do
    case $variable in
    PBS_CONF_FILE | PBS_DEFAULT | PBS_EXEC | PBS_HOME | PBS_SERVER) ;;
    PBS_*) unset "$variable" ;;
    esac
done
unset source work_dir store run_name ingest_options train_options evaluate_options submit_options \
    account partition time num_threads memory num_nodes num_shards sweep tasks_per_node \
    ingest_time ingest_threads ingest_memory train_time train_threads train_memory \
    evaluate_time evaluate_threads evaluate_memory
parse_arguments "$@"
[ -n "$settings" ] || fail 2 "no settings: give --settings FILE (see --help)"
case $settings in /*) ;; *) settings=$PWD/$settings ;; esac
case $jobs$settings in *,*) fail 2 "PBS takes no comma in a path: $jobs, $settings" ;; esac
# The jobs read the settings themselves.
given=${source+x}${work_dir+x}${store+x}${ingest_options+x}${train_options+x}${evaluate_options+x}
[ -z "$given$programs" ] || fail 2 "give paths and options of the stages in the settings file"
read_settings "$settings"
[ -z "${num_nodes:-}${num_shards:-}${sweep:-}" ] || fail 2 "NODES, SHARDS and SWEEP are for Slurm"
take_stages "$from" "$only"
check_stages
: "${account=}" "${partition=}" "${time=}" "${ingest_time=}" "${train_time=}" "${evaluate_time=}"
: "${memory=}" "${ingest_memory=}" "${train_memory=}" "${evaluate_memory=}"
check_numbers
choose_run_name
check_inputs
check_queue
check_pbs_times
find_programs
check_options
case $work_dir in /*) ;; *) work_dir=$PWD/$work_dir ;; esac
if [ "$dry_run" = no ]; then
    command -v qsub >/dev/null || fail 69 "qsub was not found: submit from a machine of the cluster"
    mkdir -p -- "$work_dir/logs" || fail 74 "$work_dir/logs: cannot make this folder"
fi
ids='' id=''
for this_stage in $stages; do
    submit "$this_stage" "$id"
done
