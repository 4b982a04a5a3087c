# The chain for PBS, with a qsub that runs each job at once.
# shellcheck source=tests/pipeline/support.sh
. "$(dirname "$0")/support.sh"

submit() {
    "$QUERN_SOURCE/jobs/pbs/submit.sh" --settings settings "$@"
}

mkdir path
PATH=$temporary/path:$QUERN_BIN:$PATH
cat >path/qsub <<'END'
#!/bin/sh
echo "$*" >>qsub.log
while [ $# -gt 1 ]; do
    [ "$1" != -v ] || variables=$2
    shift
done
echo "$(wc -l <qsub.log).server"
IFS=,
# The list is words to split.
env PBS_JOBID=5 NCPUS=1 $variables sh "$1" >>jobs.log 2>&1
END
printf '%s\n' '#!/bin/sh' 'echo "$*" >qdel.log' >path/qdel
chmod +x path/*

draw_digits
cat >settings <<'END'
SOURCE=digits
WORK_DIR=work
TRAIN_OPTIONS=--epochs 2
ACCOUNT=physics
PARTITION=night
TIME=30
THREADS=8
SUBMIT_OPTIONS=-m n
END
expect_exit 0 submit
[ "$(cat stdout)" = 'ingest 1.server
train 2.server
evaluate 3.server' ] || fail "printed: $(cat stdout)"
expect_file work/run/epoch-0002.h5 work/evaluation.json
expect_text qsub.log '-W depend=afterok:2.server -A physics -q night -l walltime=30:00 -m n'
expect_text qsub.log 'select=1:ncpus=8'
expect_text qsub.log '-N ingest-work'
expect_text work/run/log.jsonl '"threads":1,'

expect_exit 0 submit --only evaluate --dry-run
[ "$(wc -l <qsub.log)" -eq 3 ] || fail "submitted: $(cat qsub.log)"
expect_no_text stdout depend
expect_exit 2 submit --train-options '--recipe lesson --epochs 3'
echo 'NODES=2' >>settings
expect_exit 2 submit
expect_text stderr 'are for Slurm'

# shellcheck disable=SC2016
printf '%s\n' '#!/bin/sh' 'echo "$*" >>tries' '[ "$(wc -l <tries)" -lt 3 ] && echo "id"' >path/qsub
sed -i /NODES/d settings
expect_exit 69 submit
expect_text stderr 'nothing is submitted'
expect_text qdel.log 'id id'

# Resources of each stage, and what is refused before anything is queued.
rm tries
printf '%s\n' TRAIN_TIME=5:00:00 INGEST_MEMORY=1gb EVALUATE_THREADS=1 NAME=mine >>settings
expect_exit 0 submit --dry-run
expect_text stdout 'qsub -N ingest-mine'
[ "$(grep -c -e walltime=30:00 stdout)" -eq 2 ] || fail "$(cat stdout)"
expect_text stdout ncpus=8:mem=1gb
expect_text stdout walltime=5:00:00
expect_text stdout ncpus=1
rm -f tries
refused() {
    code=$1 text=$2 line=$3
    cp settings good
    sed -i "/^${line%%=*}=/d" settings
    printf '%s\n' "$line" >>settings
    expect_exit "$code" submit
    expect_text stderr "$text"
    expect_no_file tries
    mv good settings
}
in_path qstat 'echo "Queue Max"' 'echo "night 0"'
refused 2 'option --train-options: quern-train: --epochs' 'TRAIN_OPTIONS=--epochs none'
refused 2 'there is no such source' SOURCE=missing
refused 2 'there is no queue dusk' PARTITION=dusk
refused 2 'a time limit is minutes' TRAIN_TIME=soon
refused 2 'option --threads takes a number' THREADS=two
