# One training over two and over four nodes: the bytes of one process.
# shellcheck shell=sh disable=SC2154
options="$lesson --epochs 40 --checkpoint-every 10 --momentum 0.9 --learning-rate 0.1"
# Its words are options.
# shellcheck disable=SC2086
"$QUERN_BIN/quern-train" "$cluster/store.h5" --output run --threads 2 $options >run.log 2>&1
for nodes in 2 4; do
    submit --only train --store "$cluster/store.h5" --train-options "$options" --nodes "$nodes" \
        --work-dir "nodes$nodes"
    expect_state "$id_train" COMPLETED
    [ "$(field "$id_train" NumNodes)" = "$nodes" ] || fail "ran on $(field "$id_train" NumNodes) nodes"
    log_lines "nodes$nodes/run" start | grep -q "\"ranks\":${nodes}[,}]" ||
        fail "ran on another number of ranks: $(log_lines "nodes$nodes/run" start)"
    expect_same_run run "nodes$nodes/run"
done
