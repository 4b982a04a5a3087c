#!/bin/sh
# Chains quern-ingest, quern-train and quern-evaluate on this machine.
set -u

program=$(basename -- "$0")
here=$(dirname -- "$(readlink -f -- "$0")") || exit 74
# In a checkout it is beside this script; installed, this script is in bin.
jobs=$here
[ -f "$jobs/common.sh" ] || jobs=$here/../share/quern/jobs
# shellcheck source=jobs/common.sh
. "$jobs/common.sh"
# shellcheck source=jobs/checks.sh
. "$jobs/checks.sh"
# shellcheck source=jobs/sweep.sh
. "$jobs/sweep.sh"

# Threads that wait sleep, instead of taking a processor from the one that they wait for: a stage
# takes no longer alone, and much less time beside other programs (bench/README.md).
export OMP_WAIT_POLICY="${OMP_WAIT_POLICY:-passive}"

usage() {
    cat <<EOF
Usage: $program [OPTION...] --source SOURCE --work-dir DIR
       $program [OPTION...] --settings FILE

Turns images, PNG or JPEG, in folders, an archive or arrays, into a store,
trains a classifier on it and evaluates it:
  quern-ingest SOURCE DIR/store.h5
  quern-train DIR/store.h5 --output DIR/run --resume
  quern-evaluate DIR/run DIR/store.h5 --output DIR/evaluation.h5, with
  DIR/evaluation.json and the page DIR/report.html beside it
It stops at the first stage that fails, with that stage's exit code.  Run
again, it does what is left to do: an unchanged store is kept, training goes on
after the newest whole checkpoint.

What and where:
  --source SOURCE             images, PNG or JPEG, in folders, an archive or
                              arrays, as quern-ingest takes them
  --work-dir DIR              folder for all that is written, made if new
  --store STORE.h5            the store, for runs that share one (default:
                              DIR/store.h5)
  --settings FILE             take settings from FILE; the options here
                              overrule it
  --programs BIN_DIR          where the three programs are (default: beside
                              this script, then in build/release/bin of its
                              checkout, then in PATH)

Settings of the stages:
  --ingest-options 'WORDS'    more options for quern-ingest, such as
                              '--classes 7,3'
  --train-options 'WORDS'     more options for quern-train
  --evaluate-options 'WORDS'  more options for quern-evaluate
  --sweep TABLE               train and evaluate once for each line of TABLE, a
                              name and options for quern-train, in
                              DIR/sweep/NAME; then print and write
                              DIR/sweep/ranking.tsv, the best first

Which stages:
  --from STAGE                begin with STAGE: ingest, train or evaluate
                              (default: ingest).  Of a sweep, train stands for
                              all its runs, evaluate for the ranking
  --only STAGE                this stage alone
  --force                     ingest and train anew: replaces the store,
                              removes the checkpoints of the run
  --dry-run                   print the commands and stop

General:
  --quiet                     no progress and no notes on how the work is done,
                              by the stages either
  --help                      print this help and exit
  --version                   print the version and exit

FILE has lines KEY=VALUE with the keys SOURCE, WORK_DIR, STORE, SWEEP,
INGEST_OPTIONS, TRAIN_OPTIONS and EVALUATE_OPTIONS.  Quotes, \$HOME, \${HOME}, ~
and comments from # on mean what they do in a shell; no command is ever run.
Paths are relative to the folder of FILE.  The keys that quern-slurm-submit
knows besides are for a scheduler, and not used here.
WORDS are separated by blanks; quotes and backslashes keep a word together.

Exit status: 0 done, 1 a run of a sweep failed, 2 wrong arguments or settings,
69 a program was not found, 74 cannot write, 75 stopped after a checkpoint (run
again to go on); else that of the stage that failed.

Examples:
  $program --source digits --work-dir work --train-options '--epochs 20'
  $program --settings digits.settings --from train
  $program --settings digits.settings --only evaluate
EOF
}

# The stage gets SIGTERM for the others too: the shell has it ignore SIGINT in the background.
pass_signal() {
    stop_signal=$1
    num_caught=$((num_caught + 1))
    [ -n "$child" ] || exit $((128 + stop_signal))
    kill -TERM "$child" 2>/dev/null
}

# SIGUSR2 asks for a checkpoint, which training alone can write.
pass_save() {
    num_caught=$((num_caught + 1))
    [ -z "$child" ] || [ "$stage" != train ] || kill -USR2 "$child" 2>/dev/null
}

# How far it is, which --quiet leaves out.
announce() {
    [ "$dry_run" = yes ] || [ -n "$quiet" ] || say "$*"
}

run_pipeline() {
    if [ "$dry_run" = no ]; then
        mkdir -p -- "$work_dir" || fail 74 "$work_dir: cannot make the work folder"
    fi
    for this_stage in $stages; do
        announce "$this_stage"
        case $this_stage${sweep:+-sweep} in
        train-sweep) train_sweep ;;
        evaluate-sweep) rank_done_sweep ;;
        *) "$this_stage" ;;
        esac
        code=$?
        case $code in
        0) ;;
        75) fail 75 "quern-$this_stage stopped after a checkpoint: run again to go on" ;;
        *) fail "$code" "quern-$this_stage failed with exit code $code" ;;
        esac
    done
    announce "done: $work_dir"
}

own_flags='--help --version --force --dry-run --quiet'
# Every line of the table, one after the other.  One that fails is named, and the others go on.
train_sweep() {
    [ "$dry_run" = yes ] || copy_sweep "$sweep" "$work_dir/sweep"
    all_work_dir=$work_dir all_train_options=$train_options
    for number in $(seq "$num_sweep_lines"); do
        take_sweep_line "$sweep" "$number"
        work_dir=$all_work_dir/sweep/$name
        train_options="$all_train_options $name_options"
        sweep_name=$name
        run_sweep_line
        code=$?
        work_dir=$all_work_dir train_options=$all_train_options
        [ "$code" -ne 75 ] && [ "$stop_signal" -eq 0 ] || return "$code"
        [ "$code" -eq 0 ] || say "$sweep_name failed with exit code $code"
    done
}

run_sweep_line() {
    if [ "$dry_run" = yes ]; then
        train && evaluate
        return
    fi
    announce "$sweep_name:$name_options"
    mkdir -p -- "$work_dir" || return 74
    # The tables of the stages are kept for those who look; the ranking says it all.
    { train && evaluate; } >"$work_dir/output.log"
}

rank_done_sweep() {
    [ "$dry_run" = no ] || return 0
    [ -f "$work_dir/sweep/table" ] ||
        fail 2 "$work_dir/sweep/table: there is no sweep here: begin with --from train"
    rank_sweep "$work_dir/sweep/table" "$work_dir/sweep" && return
    code=$?
    [ "$code" -ne 1 ] || fail 1 "not every run of the sweep has an evaluation"
    return "$code"
}

own_options='--from --only --sweep'
own_option() {
    case $1 in
    --help)
        usage
        exit 0
        ;;
    --version) show_version=yes ;;
    --force) force=--force ;;
    --quiet) quiet=--quiet ;;
    --dry-run) dry_run=yes ;;
    --from) from=$2 ;;
    --sweep) sweep=$2 ;;
    --only) only=$2 ;;
    esac
}

launch() {
    exec "$@"
}

unset source work_dir store sweep ingest_options train_options evaluate_options
from='' only='' show_version=no
parse_arguments "$@"
if [ "$show_version" = yes ]; then
    print_version
    exit 0
fi
[ -z "$settings" ] || read_settings "$settings"
take_stages "$from" "$only"
check_stages
if [ -n "$force" ] && [ "$stages" = evaluate ]; then
    fail 2 "--force is for ingest and train"
fi
find_programs
if [ -n "${sweep:=}" ]; then
    check_sweep "$sweep"
    check_sweep_options "$sweep"
fi
trap 'pass_signal 1' HUP
trap 'pass_signal 2' INT
trap 'pass_signal 10' USR1
trap 'pass_signal 15' TERM
trap pass_save USR2
run_pipeline
