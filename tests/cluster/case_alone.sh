# Each script submitted by hand; one of them copied elsewhere, as users do.
# shellcheck shell=sh disable=SC2154
cat >settings <<END
SOURCE=$cluster/digits
WORK_DIR=work
TRAIN_OPTIONS=$lesson --epochs 3
# For submit.sh: left alone by the scripts.
NODES=3
END
scripts=$QUERN_SOURCE/jobs/slurm
for stage in ingest train; do
    sbatch --wait --output="$stage.log" "$scripts/$stage.sbatch" \
        --settings settings --programs "$QUERN_BIN" || fail "$stage failed: $(cat "$stage.log")"
done
expect_file work/run/epoch-0003.h5

# Without a word on where the other files are, Slurm knows only the copy.
mkdir mine
cp "$scripts/evaluate.sbatch" mine/my.sbatch
! sbatch --wait --output=lost.log mine/my.sbatch --settings settings >/dev/null || fail "found itself"
QUERN_JOBS=$QUERN_SOURCE/jobs sbatch --wait --output=evaluate.log mine/my.sbatch \
    --settings settings --programs "$QUERN_BIN" || fail "evaluate failed: $(cat evaluate.log)"
expect_file work/evaluation.json
expect_text evaluate.log 'balanced accuracy'

# Wrong arguments end the job with 2.
code=0
sbatch --wait --output=wrong.log "$scripts/train.sbatch" --settings settings --epochs 3 || code=$?
[ "$code" -eq 2 ] || fail "exit code $code of an unknown option"
expect_text wrong.log 'unknown option --epochs'
