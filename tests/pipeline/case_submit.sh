# What submit.sh asks of sbatch; tests/cluster has a real one.
# shellcheck source=tests/pipeline/support.sh
. "$(dirname "$0")/support.sh"

submit() {
    "$QUERN_SOURCE/jobs/slurm/submit.sh" --programs "$QUERN_BIN" "$@"
}

# Without sbatch there is nothing to submit to.
mkdir path
PATH=$temporary/path:$PATH
if ! command -v sbatch >/dev/null; then
    expect_exit 69 submit --source digits --work-dir work
    expect_text stderr 'sbatch was not found'
fi
cat >path/sbatch <<'END'
#!/bin/sh
printf '%s\n' "$*" >>sbatch.log
[ "$(wc -l <sbatch.log)" -lt "${SBATCH_FAILS:-99}" ] || exit 1
echo "$((100 + $(wc -l <sbatch.log)));cluster"
END
cat >path/scancel <<'END'
#!/bin/sh
echo "$*" >scancel.log
END
chmod +x path/*

draw_digits
ln -s digits 'my digits'
cat >settings <<'END'
SOURCE=my digits
WORK_DIR=work
TRAIN_OPTIONS=--epochs 3
ACCOUNT=physics
PARTITION=day
TIME=30
THREADS=8
MEMORY=4G
NODES=4
TASKS_PER_NODE=2
MPI=pmi2
SUBMIT_OPTIONS=--qos=low --constraint='a b'
END
expect_exit 0 submit --settings settings --partition night
[ "$(cat stdout)" = 'ingest 101
train 102
evaluate 103' ] || fail "printed: $(cat stdout)"
expect_text stderr "logs are in $PWD/work/logs"
[ "$(wc -l <sbatch.log)" -eq 3 ] || fail "$(cat sbatch.log)"
for job in ingest train evaluate; do
    grep "/slurm/$job.sbatch " sbatch.log >found || fail "no $job in: $(cat sbatch.log)"
    for words in --parsable '--account=physics' '--partition=night' '--time=30' \
        '--cpus-per-task=8' '--mem=4G' '--kill-on-invalid-dep=yes' '--qos=low --constraint=a b' \
        "--job-name=work-$job" "--output=$PWD/work/logs/$job-%j.log"; do
        expect_text found "$words"
    done
    case $job in
    ingest) expect_no_text found --dependency ;;
    train) expect_text found --dependency=afterok:101 ;;
    evaluate) expect_text found --dependency=afterok:102 ;;
    esac
    # The log of a job says to which chain it belongs.
    case $job in
    ingest) expect_no_text found --chain ;;
    *) expect_text found '--chain 101' ;;
    esac
done
# Only training has several tasks.
[ "$(grep -c -e --nodes=4 sbatch.log)" -eq 1 ] || fail "$(cat sbatch.log)"
grep train.sbatch sbatch.log >found
expect_text found '--nodes=4 --ntasks-per-node=2'
expect_text found '--train-options --epochs 3 --mpi pmi2'

# Each stage has resources of its own.
rm sbatch.log
printf '%s\n' 'TRAIN_TIME=5:00:00 # long' INGEST_MEMORY=1G EVALUATE_THREADS=1 NAME=mine >>settings
expect_exit 0 submit --settings settings --ingest-time 10 --train-threads 4 --evaluate-memory 2G
grep /ingest.sbatch sbatch.log >found
expect_text found '--job-name=mine-ingest'
expect_text found '--time=10 --cpus-per-task=8 --mem=1G'
grep /train.sbatch sbatch.log >found
expect_text found '--job-name=mine-train'
expect_text found '--time=5:00:00 --cpus-per-task=4 --mem=4G'
grep /evaluate.sbatch sbatch.log >found
expect_text found '--time=30 --cpus-per-task=1 --mem=2G'
expect_exit 0 submit --settings settings --name other --work-dir 'a (strange) one' --dry-run
expect_text stdout '--job-name=other-train'
expect_exit 0 submit --source digits --work-dir 'a (strange) one' --dry-run
expect_text stdout '--job-name=a__strange__one-train'

# The same file serves the pipeline, which has no use for what is a scheduler's.
expect_exit 0 pipeline --settings settings --dry-run
expect_text stdout '--epochs 3'

# Arrays, and what comes after them.
rm sbatch.log
printf '# comment\n\n  one  --seed 1\ntwo --seed 2 \n' >table
expect_exit 0 submit --source digits --work-dir work --shards 3 --sweep table
[ "$(cut -d ' ' -f 1 stdout | tr '\n' ' ')" = 'list shards merge sweep rank ' ] || fail "$(cat stdout)"
# expect_job NUMBER WORDS...: of the NUMBERth job.
expect_job() {
    sed -n "$1p" sbatch.log >found
    shift
    for words in "$@"; do
        expect_text found "$words"
    done
}
expect_job 1 '--shards 3' --list 'logs/list-%j.log'
expect_job 2 --dependency=afterok:101 --array=1-3 'logs/shards-%A_%a.log'
expect_job 3 --dependency=afterok:102 --merge
expect_job 4 --dependency=afterok:103 --array=1-2 'logs/sweep-%A_%a.log'
expect_job 5 --dependency=afterany:104 --rank
cmp table work/sweep/table

# What is not taken leaves nothing behind.
rm sbatch.log
SBATCH_FAILS=3
export SBATCH_FAILS
expect_exit 69 submit --source digits --work-dir work
expect_text stderr 'sbatch did not take the job evaluate; nothing is submitted'
expect_text scancel.log '101 102'
unset SBATCH_FAILS

rm sbatch.log
expect_exit 0 submit --source digits --work-dir new --dry-run
expect_text stdout '--dependency=afterok:train'
expect_no_file sbatch.log new

refused() {
    text=$1
    shift
    expect_exit 2 submit --source digits --work-dir work "$@"
    expect_text stderr "$text"
    expect_no_file sbatch.log
}
refused '--nodes takes a number from 1' --nodes 0
refused '--threads takes a number from 1' --threads 2x
refused '--shards takes a number from 1' --shards -1
refused 'unknown option --queue' --queue night
refused '--output=x cannot be given here' --submit-options '--output=x'
refused '-d cannot be given here' --submit-options '-d afterany:1'
refused '--resume cannot be given here' --train-options '--resume'
refused '--force is for ingest and train' --only evaluate --force
refused 'exclude each other' --only evaluate --from train
refused 'cannot read this table' --sweep missing
printf '# nothing\n' >table
refused 'holds no settings' --sweep table
printf 'one\none --seed 2\n' >table
refused 'one is there twice' --sweep table
printf 'a/b --seed 2\n' >table
refused 'begins with a name' --sweep table
printf 'one --output x\n' >table
refused 'table: one: --output cannot be given here' --sweep table
expect_exit 2 submit --source digits
expect_exit 0 submit --help
expect_text stdout '--tasks-per-node N'
expect_exit 0 submit --version
expect_text stdout '(quern) '
