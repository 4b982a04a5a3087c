# A run of another configuration is kept unless --force is given.
# shellcheck source=tests/pipeline/support.sh
. "$(dirname "$0")/support.sh"

draw_digits
expect_exit 0 pipeline --source digits --work-dir work --train-options "$lesson --epochs 2"
before=$(stamps_of work/run/*.h5)
expect_exit 65 pipeline --source digits --work-dir work --train-options "$lesson --epochs 2 --seed 2"
expect_text stderr 'seed'
[ "$before" = "$(stamps_of work/run/*.h5)" ] || fail "the other run was touched"

expect_exit 0 pipeline --work-dir work --only train --force --train-options "$lesson --epochs 1 --seed 2"
expect_no_file work/run/epoch-0002.h5
before=$(stamps_of work/store.h5)
expect_exit 0 pipeline --source digits --work-dir work --only ingest --force
[ "$before" != "$(stamps_of work/store.h5)" ] || fail "the store was not written again"
expect_exit 2 pipeline --work-dir work --only evaluate --force
