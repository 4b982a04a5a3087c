# Whatever comes after a stage that failed is cancelled, and not left waiting for ever.
# shellcheck shell=sh disable=SC2154
mkdir -p work/store.h5
submit --source "$cluster/digits"
expect_state "$id_ingest" FAILED
[ "$(field "$id_ingest" ExitCode)" = 74:0 ] || fail "ingest ended with $(field "$id_ingest" ExitCode)"
expect_state "$id_train" CANCELLED
expect_state "$id_evaluate" CANCELLED
expect_text "work/logs/ingest-$id_ingest.log" 'store.h5'
expect_no_file work/run
expect_restarts "$id_ingest" 0
