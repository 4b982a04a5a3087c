#!/bin/sh
# Submits the chain ingest, train, evaluate to PBS, each stage a job that waits for the one before.
set -u

program=$(basename -- "$0")
here=$(dirname -- "$(readlink -f -- "$0")") || exit 74
jobs=$(CDPATH='' cd -- "$here/.." && pwd) || exit 74
# shellcheck source=jobs/common.sh
. "$jobs/common.sh"

usage() {
    cat <<EOF
Usage: $program [--from STAGE | --only STAGE] [--dry-run] --settings FILE

Submits to PBS what quern-pipeline runs on one machine, and prints the ids of the jobs.  FILE is as for
quern-pipeline; of a scheduler's keys it may hold ACCOUNT, PARTITION (a queue), TIME (minutes, or
hours:minutes:seconds), THREADS, MEMORY, and SUBMIT_OPTIONS for qsub.

Exit status: 0 submitted, 2 wrong arguments or settings, 69 a program was not found or qsub refused,
74 cannot write.
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
    set -- "$here/stage.pbs"
    words=$(split_words "${submit_options=}")
    set -f
    IFS=$newline
    # shellcheck disable=SC2086
    set -- $words "$@"
    unset IFS
    set +f
    [ -z "${time=}" ] || set -- -l "walltime=$time" "$@"
    [ -z "${partition=}" ] || set -- -q "$partition" "$@"
    [ -z "${account=}" ] || set -- -A "$account" "$@"
    [ -z "$after" ] || set -- -W "depend=afterok:$after" "$@"
    set -- qsub -N "quern-$stage" -o "$work_dir/logs/" \
        -l "select=1:ncpus=${num_threads:-2}${memory:+:mem=$memory}" \
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

unset source work_dir store ingest_options train_options evaluate_options submit_options \
    account partition time num_threads memory num_nodes num_shards sweep
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
find_programs
case $work_dir in /*) ;; *) work_dir=$PWD/$work_dir ;; esac
# Minutes alone would be taken for seconds.
case ${time:=} in *:* | '') ;; *) time=$time:00 ;; esac
if [ "$dry_run" = no ]; then
    command -v qsub >/dev/null || fail 69 "qsub was not found: submit from a machine of the cluster"
    mkdir -p -- "$work_dir/logs" || fail 74 "$work_dir/logs: cannot make this folder"
fi
ids='' id=''
for this_stage in $stages; do
    submit "$this_stage" "$id"
done
