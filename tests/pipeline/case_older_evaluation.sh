# The evaluation of an older model does not lie beside a newer one under the name of the newest.
# shellcheck source=tests/pipeline/support.sh
. "$(dirname "$0")/support.sh"

draw_digits
run() {
    epochs=$1
    shift
    pipeline --source digits --work-dir work --train-options "$lesson --epochs $epochs" "$@"
}

expect_exit 0 run 2
expect_text work/evaluation.json '"epoch":2'
cp work/evaluation.json work/evaluation.h5 work/report.html .

# A training that changes nothing leaves it.
expect_exit 0 run 2 --only train
cmp work/evaluation.json evaluation.json
cmp work/evaluation.h5 evaluation.h5
cmp work/report.html report.html
expect_no_file work/evaluation-older.json work/evaluation-older.h5 work/report-older.html

# One that goes on marks it; the next evaluation replaces it.
expect_exit 0 run 3 --only train
expect_text stderr 'the evaluation of the model before is now work/evaluation-older.json'
expect_no_file work/evaluation.json work/evaluation.h5 work/report.html
cmp work/evaluation-older.json evaluation.json
cmp work/evaluation-older.h5 evaluation.h5
cmp work/report-older.html report.html
expect_exit 0 run 3 --only evaluate
expect_text work/evaluation.json '"epoch":3'
expect_text work/report.html 'epoch-0003.h5'
expect_no_file work/evaluation-older.json work/evaluation-older.h5 work/report-older.html

# Anew by --force, with as many epochs; and a training that is killed.
expect_exit 0 run 3 --only train --force
expect_no_file work/evaluation.json
expect_exit 0 run 3 --from evaluate
expect_file work/evaluation.json
# shellcheck disable=SC2016
stand_in train 'echo half >work/run/interrupted.h5' 'kill -s KILL $PPID' 'exit 1'
expect_exit 137 sh -c 'exec "$@"' sh "$QUERN_SOURCE/jobs/pipeline.sh" --programs programs \
    --work-dir work --only train
expect_no_file work/evaluation.json work/evaluation.h5
expect_file work/evaluation-older.json
# What was set aside by another start is not taken back.
rm work/run/interrupted.h5
expect_exit 0 run 3 --only train
expect_no_file work/evaluation.json
