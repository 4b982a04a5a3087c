# A job script that is started again and again, with stand-ins for Slurm: as long as it gets on.
# shellcheck source=tests/pipeline/support.sh
. "$(dirname "$0")/support.sh"

# shellcheck disable=SC2016
in_path srun 'while [ $# -gt 0 ]; do case $1 in --*) shift ;; *) break ;; esac; done' 'exec "$@"'
in_path squeue 'echo RUNNING'
# shellcheck disable=SC2016
in_path scontrol 'echo "$*" >>scontrol.log'

# start_job STAGE RESTARTS OPTION...
start_job() {
    stage=$1 restarts=$2
    shift 2
    QUERN_JOBS=$QUERN_SOURCE/jobs SLURM_JOB_ID=7 SLURM_JOB_NAME=mine-$stage SLURM_JOB_NODELIST=n1 \
        SLURM_CPUS_PER_TASK=1 SLURM_RESTART_COUNT=$restarts \
        sh "$QUERN_SOURCE/jobs/slurm/$stage.sbatch" --programs programs --source digits \
        --work-dir work "$@"
}

expect_requeues() {
    [ "$(wc -l <scontrol.log)" -eq "$1" ] || fail "requeued: $(cat scontrol.log)"
}

# A training that saves one epoch more at each start is always given another one.
# shellcheck disable=SC2016
stand_in train 'mkdir -p work/run' 'number=$(wc -l <work/run/log.jsonl 2>/dev/null || echo 0)' \
    'echo "{\"event\":\"stop\",\"time\":\"$number\",\"epoch\":$number,\"step\":$number,\"batch\":0}" \
    >>work/run/log.jsonl' 'exit 75'
for restarts in 0 1 2 3 4 5; do
    expect_exit 75 start_job train "$restarts" --chain 5
    expect_text stderr 'mine-train: interrupted (exit code 75): job 7 goes back into the queue'
done
expect_text stderr 'mine-train: job 7 of the chain 5, start 6, on n1'
expect_requeues 6

# One that is stopped before it has done anything is not, after three starts in a row.
stand_in train 'exit 75'
rm scontrol.log
for restarts in 6 7; do
    expect_exit 75 start_job train "$restarts"
done
expect_exit 1 start_job train 8
expect_text stderr '3 starts in a row made no progress'
expect_requeues 2
# Submitted again, the count begins anew, and a good end leaves nothing of it.
expect_exit 75 start_job train 0
stand_in train 'exit 0'
expect_exit 0 start_job train 1
[ "$(find work -name '.*')" = '' ] || fail "left behind: $(find work -name '.*')"

# Slurm may have queued the job again itself: it is counted when it starts.
stand_in train 'exit 75'
in_path squeue 'echo PENDING'
rm scontrol.log
touch scontrol.log
for restarts in 0 1 2; do
    expect_exit 75 start_job train "$restarts"
done
expect_exit 1 start_job train 3
expect_requeues 0

# Stages that begin anew at each start.
in_path squeue 'echo RUNNING'
stand_in ingest 'exit 143'
expect_exit 143 start_job ingest 0
expect_exit 143 start_job ingest 1
expect_exit 1 start_job ingest 2
expect_requeues 2

# Of the options for ingest, a list gets those that go with one.
# shellcheck disable=SC2016
stand_in ingest 'case $* in */dev/null*) exec "$QUERN_BIN/quern-ingest" "$@" ;; esac' 'echo "$*"'
expect_exit 0 start_job ingest 0 --shards 2 --list --ingest-options \
    "--classes '7,3' --valid-fraction=0.2 --skip-bad --seed 3 --size=8x8 --io-threads 4"
grep -q -e '--write-list work/shards/source.list digits --valid-fraction=0.2 --seed 3$' stdout ||
    fail "the list is made otherwise"

# A disk of the node takes what ingest copies, unless something else was said.
# shellcheck disable=SC2016
stand_in ingest 'echo "$*"'
mkdir 'a disk'
export SLURM_TMPDIR="$PWD/a disk"
expect_exit 0 start_job ingest 0
expect_text stdout "digits work/store.h5 --spool-dir $PWD/a disk"
expect_exit 0 start_job ingest 0 --ingest-options '--spool-dir /here'
expect_text stdout 'digits work/store.h5 --spool-dir /here'
expect_no_text stdout 'a disk'
SLURM_TMPDIR=/no/such/folder expect_exit 0 start_job ingest 0
expect_no_text stdout spool
