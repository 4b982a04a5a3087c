# An array of four shards and a job that merges them: the store that is made in one go.
# shellcheck shell=sh disable=SC2154
ingest_options="--classes 7,3 --valid-fraction=0.2 '--seed' 3"
submit_shards() {
    submit --source digits/train --shards 4 --ingest-options "$ingest_options" \
        --train-options "$lesson --epochs 2" "$@"
}

"$QUERN_BIN/quern-draw" digits --train 800 --valid 1 >/dev/null 2>&1
submit_shards
expect_state "$id_merge" COMPLETED
for index in 1 2 3 4; do
    expect_state "${id_shards}_$index" COMPLETED
    expect_text "work/logs/shards-${id_shards}_$index.log" "shard $index of 4"
done
"$QUERN_BIN/quern-ingest" --classes 7,3 --valid-fraction 0.2 --seed 3 digits/train one-go.h5 \
    >one-go.log 2>&1
# The fingerprint, and every other byte.
cmp work/store.h5 one-go.h5
expect_state "$id_evaluate" COMPLETED

# Submitted again, shards and store are found up to date.
stamp=$(stat -c '%i %y' work/store.h5 work/shards/*.h5)
submit_shards
expect_state "$id_evaluate" COMPLETED
[ "$(stat -c '%i %y' work/store.h5 work/shards/*.h5)" = "$stamp" ] || fail "something was written again"

# One shard that fails cancels what comes after it.
mkdir -p work2/shards/4-of-4.h5
submit_shards --work-dir work2
expect_state "$id_merge" CANCELLED
expect_state "$id_train" CANCELLED
expect_state "$id_evaluate" CANCELLED
expect_no_file work2/store.h5
