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
env NCPUS=1 $variables sh "$1" >>jobs.log 2>&1
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
