#!/bin/sh
# Submits the chain ingest, train, evaluate to Slurm, each stage a job that waits for the one before.
set -u

program=$(basename -- "$0")
here=$(dirname -- "$(readlink -f -- "$0")") || exit 74
# In a checkout it is in jobs/slurm; installed, this script is in bin.
jobs=$here/..
[ -f "$jobs/common.sh" ] || jobs=$here/../share/quern/jobs
jobs=$(CDPATH='' cd -- "$jobs" && pwd) || exit 74
# shellcheck source=jobs/common.sh
. "$jobs/common.sh"
# shellcheck source=jobs/checks.sh
. "$jobs/checks.sh"
# shellcheck source=jobs/sweep.sh
. "$jobs/sweep.sh"
# shellcheck source=jobs/slurm/checks.sh
. "$jobs/slurm/checks.sh"

usage() {
    cat <<EOF
Usage: $program [OPTION...] --source SOURCE --work-dir DIR
       $program [OPTION...] --settings FILE

Submits to Slurm what quern-pipeline runs on one machine: the jobs ingest,
train and evaluate, each of which begins when the one before it has ended well,
and is cancelled when it has not.  Prints their names and ids, one job a line.
A job that is interrupted, by preemption, by the end of its time (train), or by
the loss of a node, goes back into the queue, and on from where it was.
Options of the stages, source and partition are checked first, and with what is
wrong nothing is queued.

What and where:
  --source SOURCE             images, PNG or JPEG, in folders, an archive or
                              arrays, as quern-ingest takes them
  --work-dir DIR              folder for all that is written, logs included,
                              made if new
  --store STORE.h5            the store, for runs that share one (default:
                              DIR/store.h5)
  --name NAME                 of the run: jobs are NAME-ingest, NAME-train and
                              so on (default: the last part of DIR)
  --settings FILE             take settings from FILE; the options here
                              overrule it
  --programs BIN_DIR          where the programs are (default: found as
                              quern-pipeline finds them)

Settings of the stages:
  --ingest-options 'WORDS'    more options for quern-ingest, such as
                              '--classes 7,3'
  --train-options 'WORDS'     more options for quern-train
  --evaluate-options 'WORDS'  more options for quern-evaluate
  --shards N                  ingest by a job that lists the files, an array of
                              N jobs that write a shard each, and a job that
                              merges them
  --sweep TABLE               train and evaluate by an array of jobs, one for
                              each line of TABLE: a name, and options for
                              quern-train; a last job ranks them

Which stages:
  --from STAGE                begin with STAGE: ingest, train or evaluate
                              (default: ingest).  Of a sweep, train stands for
                              the array, evaluate for the ranking
  --only STAGE                this stage alone
  --force                     ingest and train anew: replaces the store,
                              removes the checkpoints of the run
  --dry-run                   check, print the commands and stop

Resources of each job, for which the scripts and Slurm have defaults:
  --account NAME              to charge
  --partition NAME            to run in
  --time TIME                 limit, in Slurm's forms: minutes, or
                              hours:minutes:seconds
  --threads N                 CPUs of a task
  --memory SIZE               of a node, such as 4G
  --STAGE-time TIME, --STAGE-threads N, --STAGE-memory SIZE
                              the same for ingest, train or evaluate alone
  --nodes N                   to train on; the other stages are one process on
                              one node
  --tasks-per-node N          to train with on a node (default: 1)
  --mpi TYPE                  how srun starts several tasks (default: pmix)
  --submit-options 'WORDS'    more options for sbatch, such as
                              '--qos=night --constraint=avx2'

General:
  --help                      print this help and exit
  --version                   print the version and exit

FILE is as for quern-pipeline, and knows these keys besides: NAME, SHARDS,
ACCOUNT, PARTITION, TIME, THREADS, MEMORY, the last three with INGEST_, TRAIN_
or EVALUATE_ before them too, NODES, TASKS_PER_NODE, MPI and SUBMIT_OPTIONS.
The job scripts are in $jobs/slurm; each can be submitted alone.

Exit status: 0 submitted, 2 wrong arguments or settings, 65 the source or the
store is not for these options, 69 a program was not found or sbatch refused,
74 cannot write.

Examples:
  $program --settings digits.settings --time 30 --threads 8
  $program --settings digits.settings --from train --nodes 4
  $program --settings digits.settings --from train --sweep table
EOF
}

# ---- Settings ----------------------------------------------------------------------------------

unset source work_dir store run_name ingest_options train_options evaluate_options num_shards sweep \
    account partition time num_threads memory num_nodes tasks_per_node mpi submit_options \
    ingest_time ingest_threads ingest_memory train_time train_threads train_memory \
    evaluate_time evaluate_threads evaluate_memory
from='' only='' show_version=no

own_flags='--help --version --force --dry-run'
own_options='--from --only --name --shards --sweep --account --partition --nodes --tasks-per-node --mpi
    --time --ingest-time --train-time --evaluate-time
    --threads --ingest-threads --train-threads --evaluate-threads
    --memory --ingest-memory --train-memory --evaluate-memory --submit-options'
own_option() {
    case $1 in
    --help)
        usage
        exit 0
        ;;
    --version) show_version=yes ;;
    --force) force=--force ;;
    --dry-run) dry_run=yes ;;
    --from) from=$2 ;;
    --only) only=$2 ;;
    --name) run_name=$2 ;;
    --shards) num_shards=$2 ;;
    --sweep) sweep=$2 ;;
    --account) account=$2 ;;
    --partition) partition=$2 ;;
    --time) time=$2 ;;
    --ingest-time) ingest_time=$2 ;;
    --train-time) train_time=$2 ;;
    --evaluate-time) evaluate_time=$2 ;;
    --threads) num_threads=$2 ;;
    --ingest-threads) ingest_threads=$2 ;;
    --train-threads) train_threads=$2 ;;
    --evaluate-threads) evaluate_threads=$2 ;;
    --memory) memory=$2 ;;
    --ingest-memory) ingest_memory=$2 ;;
    --train-memory) train_memory=$2 ;;
    --evaluate-memory) evaluate_memory=$2 ;;
    --nodes) num_nodes=$2 ;;
    --tasks-per-node) tasks_per_node=$2 ;;
    --mpi) mpi=$2 ;;
    --submit-options) submit_options=$2 ;;
    esac
}

# What needs no programs first.
check_submission() {
    check_stages
    check_numbers
    check_words "option --submit-options" "${submit_options=}" \
        '--array*' '-a*' '--dependency*' '-d*' '--output*' '-o*' '--wrap*' '--job-name*' '-J*'
    if [ -n "$force" ] && [ "$stages" = evaluate ]; then
        fail 2 "--force is for ingest and train"
    fi
    choose_run_name
    make_absolute
    check_inputs
    [ -z "${sweep=}" ] || check_sweep "$sweep"
    check_partitions
    check_times
    find_programs
    check_options
    [ -z "$sweep" ] || check_sweep_options "$sweep"
    if [ "$dry_run" = no ]; then
        command -v sbatch >/dev/null ||
            fail 69 "sbatch was not found: submit from a machine of the cluster"
        note_queued_jobs
    fi
}

# Jobs run elsewhere.
make_absolute() {
    case $source in '' | /*) ;; *) source=$PWD/$source ;; esac
    case $work_dir in /*) ;; *) work_dir=$PWD/$work_dir ;; esac
    case $store in /*) ;; *) store=$PWD/$store ;; esac
    case $programs in '' | /*) ;; *) programs=$PWD/$programs ;; esac
    # Unset is none, from here on.
    : "${account=}" "${partition=}" "${num_nodes=}" "${tasks_per_node=}" "${mpi=}"
    : "${time=}" "${ingest_time=}" "${train_time=}" "${evaluate_time=}"
    : "${memory=}" "${ingest_memory=}" "${train_memory=}" "${evaluate_memory=}"
}

# ---- Jobs --------------------------------------------------------------------------------------

# submit STAGE NAME DEPENDENCY WORD...: options for sbatch, a script, options for it.  Sets `id`.
submit() {
    use_resources "$1"
    name=$2 after=$3
    shift 3
    set -- "$@" --work-dir "$work_dir" --store "$store" ${programs:+--programs "$programs"} \
        ${chain:+--chain "$chain"}

    case " $* " in
    *' --array='*) log=%A_%a ;;
    *) log=%j ;;
    esac
    # Of an option that is given twice sbatch takes the last: what the caller asks for goes behind.
    words=$(split_words "$submit_options")
    set -f
    IFS=$newline
    # shellcheck disable=SC2086
    set -- sbatch --parsable --job-name="$run_name-$name" --comment="$work_dir" \
        --output="$(printf '%s\n' "$work_dir" | sed 's/%/%%/g')/logs/$name-$log.log" \
        ${after:+--dependency="$after"} --kill-on-invalid-dep=yes \
        ${account:+--account="$account"} ${partition:+--partition="$partition"} \
        ${job_time:+--time="$job_time"} ${job_threads:+--cpus-per-task="$job_threads"} \
        ${job_memory:+--mem="$job_memory"} $words "$@"
    unset IFS
    set +f

    if [ "$dry_run" = yes ]; then
        print_command "$@"
        id=$name chain=${chain:-$name}
        return
    fi
    if ! id=$("$@") || [ -z "$id" ]; then
        # Half a chain is none.
        # shellcheck disable=SC2086
        [ -z "$ids" ] || scancel $ids
        fail 69 "sbatch did not take the job $name; nothing is submitted"
    fi
    # With the name of a cluster behind it.
    id=${id%%;*}
    ids="$ids $id"
    # Of the first of its jobs, in the log of each.
    chain=${chain:-$id}
    printf '%s %s\n' "$name" "$id"
}

submit_ingest() {
    set -- --source "$source" ${ingest_options:+--ingest-options "$ingest_options"} \
        ${force:+"$force"}
    if [ -z "$num_shards" ]; then
        submit ingest ingest '' "$jobs/slurm/ingest.sbatch" "$@"
        return
    fi
    set -- "$jobs/slurm/ingest.sbatch" --shards "$num_shards" "$@"
    submit ingest list '' --cpus-per-task=1 "$@" --list
    submit ingest shards "afterok:$id" --array="1-$num_shards" "$@"
    submit ingest merge "afterok:$id" "$@" --merge
}

# submit_train AFTER
submit_train() {
    submit train train "$1" ${num_nodes:+--nodes="$num_nodes"} \
        ${tasks_per_node:+--ntasks-per-node="$tasks_per_node"} "$jobs/slurm/train.sbatch" \
        ${train_options:+--train-options "$train_options"} ${mpi:+--mpi "$mpi"} \
        ${force:+"$force"}
}

submit_evaluate() {
    submit evaluate evaluate "$1" "$jobs/slurm/evaluate.sbatch" \
        ${evaluate_options:+--evaluate-options "$evaluate_options"}
}

# The jobs read a copy of the table, which may be edited while they wait.
submit_sweep() {
    table=$work_dir/sweep/table
    [ "$dry_run" = yes ] || copy_sweep "$sweep" "$work_dir/sweep"
    submit train sweep "$1" --array="1-$num_sweep_lines" ${num_nodes:+--nodes="$num_nodes"} \
        ${tasks_per_node:+--ntasks-per-node="$tasks_per_node"} "$jobs/slurm/sweep.sbatch" \
        --sweep "$table" ${train_options:+--train-options "$train_options"} \
        ${evaluate_options:+--evaluate-options "$evaluate_options"} ${mpi:+--mpi "$mpi"} \
        ${force:+"$force"}
}

# However the others end: one that fails is named, and those that are done are ranked.
submit_rank() {
    submit evaluate rank "$1" --cpus-per-task=1 "$jobs/slurm/sweep.sbatch" --rank \
        --sweep "$work_dir/sweep/table"
}

submit_chain() {
    ids='' id='' after='' chain=
    for stage in $stages; do
        case $stage${sweep:+-sweep} in
        ingest*) submit_ingest ;;
        train) submit_train "$after" ;;
        evaluate) submit_evaluate "$after" ;;
        train-sweep) submit_sweep "$after" ;;
        evaluate-sweep) submit_rank "${id:+afterany:$id}" ;;
        esac
        after=afterok:$id
    done
}

forget_surrounding_job
parse_arguments "$@"
if [ "$show_version" = yes ]; then
    print_version
    exit 0
fi
[ -z "$settings" ] || read_settings "$settings"
take_stages "$from" "$only"
check_submission
if [ "$dry_run" = no ]; then
    mkdir -p -- "$work_dir/logs" || fail 74 "$work_dir/logs: cannot make this folder"
fi
export QUERN_JOBS="$jobs"
submit_chain
[ "$dry_run" = yes ] || say "logs are in $work_dir/logs"
