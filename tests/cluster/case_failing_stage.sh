# Whatever comes after a stage that failed is cancelled, and not left waiting for ever.
# shellcheck shell=sh disable=SC2154
cp -r "$cluster/digits" digits
echo 'no picture' >digits/train/3/000000.png
submit --source digits
expect_state "$id_ingest" FAILED
[ "$(field "$id_ingest" ExitCode)" = 65:0 ] || fail "ingest ended with $(field "$id_ingest" ExitCode)"
expect_state "$id_train" CANCELLED
expect_state "$id_evaluate" CANCELLED
expect_text "work/logs/ingest-$id_ingest.log" 000000.png
expect_no_file work/store.h5
expect_no_file work/run
expect_restarts "$id_ingest" 0
