# What submit.sh finds wrong before anything is queued, and what of its surroundings it leaves out.
# shellcheck source=tests/pipeline/support.sh
. "$(dirname "$0")/support.sh"

submit() {
    "$QUERN_SOURCE/jobs/slurm/submit.sh" --programs "$QUERN_BIN" --source digits --work-dir work "$@"
}

# shellcheck disable=SC2016
in_path sbatch 'echo "$*" >>sbatch.log' 'env >sbatch.env' 'echo $((100 + $(wc -l <sbatch.log)))'
# shellcheck disable=SC2016
in_path scontrol 'case $* in *"show partition"*) ;; *) exit 1 ;; esac' \
    'echo "PartitionName=day Default=YES MaxTime=2:00:00 TotalNodes=4 State=UP"' \
    'echo "PartitionName=long Default=NO MaxTime=7-00:00:00 TotalNodes=2 State=UP"' \
    'echo "PartitionName=ever Default=NO MaxTime=UNLIMITED TotalNodes=1 State=UP"'
# shellcheck disable=SC2016
in_path sinfo 'case $* in *--partition=long*) echo 8 ;; *) echo 16; echo 64+ ;; esac'
in_path squeue 'exit 0'

draw_digits

# refused CODE TEXT OPTION...: nothing is queued, in a dry run neither.
refused() {
    code=$1 text=$2
    shift 2
    for last in '' --dry-run; do
        expect_exit "$code" submit "$@" ${last:+"$last"}
        expect_text stderr "$text"
        [ ! -s stdout ] || fail "wrote to stdout: $*"
        expect_no_file sbatch.log work
    done
}

# Options of each stage, by its program.
refused 2 'option --ingest-options: quern-ingest: unknown option --sice' --ingest-options '--sice 8x8'
refused 2 'option --train-options: quern-train: --epochs: expected' --train-options '--epochs none'
refused 2 'option --evaluate-options: quern-evaluate: --split: expected' --evaluate-options '--split x'
printf '%s\n' 'good --epochs 2' 'bad --epochs 2 --momentum fast' >table
refused 2 'table: bad: quern-train: --momentum: expected' --sweep table
expect_exit 0 submit --dry-run --train-options '--epochs 2' --ingest-options '--io-threads 4'

# What is read.
refused 2 'missing: there is no such source' --source missing
refused 2 'work/store.h5: there is no such store: begin with --from ingest' --from train
mkdir empty
refused 65 'empty: quern-ingest' --source empty
mkdir photos
cp -r digits/train/7 digits/train/3 photos
refused 2 'photos: ingest would stop: give it --valid-fraction' --source photos
expect_exit 0 submit --source photos --dry-run --ingest-options '--valid-fraction 0.2'

# The partition.
refused 2 'there is no partition night, but day long ever' --partition night
refused 2 'there is no partition night' --submit-options '-p day,night'
expect_exit 0 submit --dry-run --partition long
refused 2 '--nodes 5: the partition has 4' --nodes 5
refused 2 'train: 12 threads on a node: the largest node of the partition has 8 CPUs' \
    --partition long --threads 4 --tasks-per-node 3
expect_exit 0 submit --dry-run --threads 64

# Time: Slurm's forms, what the partition allows, and the warning that comes before its end.
refused 2 'ingest: a time limit is minutes' --time soon
refused 2 'train: a time limit is minutes' --train-time 1:2:3:4
refused 2 'evaluate: a time limit of 180 minutes, more than the 120 minutes' --evaluate-time 3:00:00
refused 2 'ingest: no time limit, more than the 120 minutes' --time 0
expect_exit 0 submit --dry-run --time 3:00:00 --partition day,long
expect_exit 0 submit --dry-run --time UNLIMITED --partition ever
for time in 1 2 3 2:00 0:2:59 0-0:3; do
    refused 2 'minutes is too short for its own warning' --train-time "$time"
    expect_exit 0 submit --dry-run --ingest-time "$time" --evaluate-time "$time"
done
for time in 4 3:01 0:4:0 0-0:4 0-2; do
    expect_exit 0 submit --dry-run --train-time "$time"
done
refused 2 'too short for its own warning' --train-time 10 --submit-options '--signal=B:USR1@600'
refused 2 'too short for its own warning' --submit-options '--time 2'
expect_exit 0 submit --dry-run --train-time 2 --submit-options '--signal=B:USR1@30'
expect_exit 0 submit --only ingest --dry-run --time 1

# A store and a run that are there are looked at, too.
expect_exit 0 pipeline --source digits --work-dir work --train-options "$lesson --epochs 1"
expect_exit 65 submit --from train --train-options "$lesson --epochs 2 --seed 9"
expect_text stderr 'option --train-options: quern-train'
expect_no_file sbatch.log
expect_exit 0 submit --from train --train-options "$lesson --epochs 2"
rm -r work sbatch.log

# Inside of a job, nothing of it is passed on; outside, sbatch's own variables say who pays and where.
export SLURM_CONF=/etc/slurm.conf SLURM_ARRAY_TASK_ID=3 SLURM_NTASKS=5 SLURM_RESTART_COUNT=2 \
    SLURM_MEM_PER_CPU=1 SLURM_TMPDIR=/tmp/17 SBATCH_SIGNAL=INT@5 SBATCH_ARRAY_INX=1-9 \
    SBATCH_ACCOUNT=physics PMIX_RANK=2
expect_exit 0 submit
grep -E '^(SLURM|SBATCH|PMIX)' sbatch.env | sort >found
printf '%s\n' SBATCH_ACCOUNT=physics SLURM_CONF=/etc/slurm.conf | cmp - found || fail "$(cat found)"
SLURM_JOB_ID=17 SBATCH_PARTITION=night expect_exit 0 submit
grep -E '^(SLURM|SBATCH|PMIX)' sbatch.env >found
echo SLURM_CONF=/etc/slurm.conf | cmp - found || fail "$(cat found)"
SBATCH_TIMELIMIT=2 expect_exit 2 submit
expect_text stderr 'too short for its own warning'

# Another chain of the same folder is named.
in_path squeue "echo '88 $PWD/work'" "echo '89 /other/work'"
expect_exit 0 submit
expect_text stderr 'note: jobs of this work folder are queued already: 88'
expect_no_text stderr 89
