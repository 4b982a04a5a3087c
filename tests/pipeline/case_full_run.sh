# The three stages leave all their files; a second run writes no store and no checkpoint again.
# shellcheck source=tests/pipeline/support.sh
. "$(dirname "$0")/support.sh"

run() {
    expect_exit 0 pipeline "$@" --source digits --work-dir work --ingest-options '--classes 7,3' \
        --train-options "$lesson --epochs 3 --learning-rate 1"
}

draw_digits
run
expect_text stdout 'balanced accuracy'
expect_file work/store.h5 work/run/epoch-0003.h5 work/run/log.jsonl work/evaluation.h5 \
    work/report.html
expect_text work/evaluation.json '"total":40'
expect_text work/evaluation.json '"classes":[{"name":"7"'
expect_no_file work/evaluation.json.partial

before=$(stamps_of work/store.h5 work/run/*)
cp work/evaluation.h5 work/evaluation.json .
run
[ "$before" = "$(stamps_of work/store.h5 work/run/*)" ] || fail "written again: $before"
cmp work/evaluation.h5 evaluation.h5
cmp work/evaluation.json evaluation.json
expect_text stdout 'up to date'
expect_text stdout 'nothing to do'
expect_text stdout 'balanced accuracy'

# --quiet leaves the results and nothing else.
cp stdout stdout.before
run --quiet
cmp stdout stdout.before
[ ! -s stderr ] || fail "not quiet"

# More epochs go on from those that are there.
before=$(stamps_of work/store.h5 work/run/epoch-0003.h5)
expect_exit 0 pipeline --source digits --work-dir work --ingest-options '--classes 7,3' \
    --train-options "$lesson --epochs 5 --learning-rate 1"
[ "$before" = "$(stamps_of work/store.h5 work/run/epoch-0003.h5)" ] || fail "not gone on: $before"
expect_file work/run/epoch-0005.h5
expect_text work/evaluation.json '"epoch":5'
