# Six settings, trained and evaluated side by side and ranked.
# shellcheck shell=sh disable=SC2154
cat >table <<END
# name      options for quern-train
still       $lesson --learning-rate 1e-6 --init zeros
slow        $lesson --learning-rate 0.01

middle      $lesson --learning-rate 0.1
fast        $lesson --learning-rate 1
means       --model nearest-mean
entropy     $lesson --loss cross-entropy --learning-rate 0.1
END
submit --source "$cluster/digits" --sweep table --train-options '--recipe lesson --keep 1'
expect_state "$id_rank" COMPLETED
expect_state "$id_sweep" COMPLETED

ranking=work/sweep/ranking.tsv
expect_file "$ranking"
[ "$(wc -l <"$ranking")" -eq 7 ] || fail "ranked: $(cat "$ranking")"
expect_text "work/logs/rank-$id_rank.log" "$(tail -n 1 "$ranking")"
# The figures are those of each run, and the best comes first.
tail -n +2 "$ranking" >rows
previous=1
while IFS="$(printf '\t')" read -r _ name mean _ loss options; do
    expect_text "work/sweep/$name/evaluation.json" "\"mean_class_accuracy\":$mean,"
    [ "$loss" = - ] || expect_text "work/sweep/$name/evaluation.json" "\"loss\":$loss,"
    awk -v mean="$mean" -v previous="$previous" 'BEGIN { exit !(mean <= previous) }' ||
        fail "$name is ranked wrongly: $(cat "$ranking")"
    previous=$mean
    expect_text table "$options"
done <rows
[ "$(head -n 1 rows | cut -f 2)" = fast ] || fail "what learns best is not the first one"

# One machine alone finds the same.
"$QUERN_SOURCE/jobs/pipeline.sh" --programs "$QUERN_BIN" --source "$cluster/digits" --work-dir alone \
    --sweep table --train-options '--keep 1' >alone.log 2>&1
cmp alone/sweep/ranking.tsv "$ranking"

# One that fails is named, and the others are ranked.
printf '%s\n' "good $lesson --epochs 2" "bad $lesson --epochs 2" >table
touch work/sweep/bad
submit --from train --sweep table
expect_state "$id_rank" FAILED
expect_text "work/logs/rank-$id_rank.log" 'bad has no evaluation'
[ "$(tail -n +2 "$ranking" | cut -f 1,2)" = "$(printf '1\tgood')" ] || fail "ranked: $(cat "$ranking")"
