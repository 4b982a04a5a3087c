# The exit code of the stage that fails is the pipeline's, and no later stage runs.
# shellcheck source=tests/pipeline/support.sh
. "$(dirname "$0")/support.sh"

draw_digits
: >digits/train/3/empty.png
expect_exit 65 pipeline --source digits --work-dir work
expect_text stderr 'empty.png'
expect_text stderr 'quern-ingest failed with exit code 65'
expect_no_file work/store.h5 work/run
rm digits/train/3/empty.png

expect_exit 2 pipeline --source digits --work-dir work --train-options '--epochs none'
expect_text stderr 'quern-train failed with exit code 2'
expect_no_file work/evaluation.json work/evaluation.json.partial

expect_exit 0 pipeline --source digits --work-dir work --train-options "$lesson --epochs 1"
cp work/evaluation.json .
expect_exit 65 pipeline --work-dir work --only evaluate --evaluate-options '--split test'
expect_text stderr 'quern-evaluate failed with exit code 65'
expect_no_file work/evaluation.json.partial
cmp work/evaluation.json evaluation.json

# A stage that stopped after a checkpoint: the same command goes on.
stand_in ingest 'exit 0'
stand_in train '[ -e stopped ] || { touch stopped; exit 75; }'
stand_in evaluate 'touch evaluated'
expect_exit 75 pipeline --programs programs --source digits --work-dir other
expect_text stderr 'run again to go on'
expect_no_file evaluated
expect_exit 0 pipeline --programs programs --source digits --work-dir other
[ -e evaluated ] || fail "quern-evaluate did not run"

rm programs/quern-train
expect_exit 69 pipeline --programs programs --source digits --work-dir other
