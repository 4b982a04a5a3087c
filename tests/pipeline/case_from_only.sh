# --from and --only run the stages they name and no other.
# shellcheck source=tests/pipeline/support.sh
. "$(dirname "$0")/support.sh"

draw_digits
expect_exit 0 pipeline --source digits --work-dir work --only ingest
expect_file work/store.h5
expect_no_file work/run work/evaluation.h5 work/evaluation.json

# Without its source the first stage would fail.
mv digits elsewhere
expect_exit 0 pipeline --work-dir work --from train --train-options "$lesson --epochs 2"
expect_file work/run/epoch-0002.h5 work/evaluation.h5 work/evaluation.json

rm work/evaluation.h5 work/evaluation.json work/run/epoch-0002.h5
expect_exit 0 pipeline --work-dir work --only evaluate
expect_text work/evaluation.json '"epoch":1'
expect_file work/evaluation.h5
expect_no_file work/run/epoch-0002.h5

rm work/evaluation.json
expect_exit 0 pipeline --work-dir work --only train --train-options "$lesson --epochs 2"
expect_file work/run/epoch-0002.h5
expect_no_file work/evaluation.json

expect_exit 74 pipeline --source digits --work-dir work --from ingest
expect_text stderr 'quern-ingest failed'
