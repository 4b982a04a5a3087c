# A sweep on this machine: every line of a table trained, evaluated and ranked.
# shellcheck source=tests/pipeline/support.sh
. "$(dirname "$0")/support.sh"

draw_digits
cat >table <<'END'
# name  options for quern-train
still   --learning-rate 1e-6

fast    --learning-rate 1 --epochs 60
slow    --learning-rate 0.001
END
sweep() {
    pipeline --source digits --work-dir work --train-options "$lesson --epochs 4" "$@"
}

expect_exit 0 sweep --sweep table --dry-run
expect_text stdout 'quern-train work/store.h5 --output work/sweep/fast/run --resume'
expect_no_file work

expect_exit 0 sweep --sweep table
ranking=work/sweep/ranking.tsv
cmp work/sweep/table table
[ "$(head -n 1 "$ranking")" = "$(printf 'rank\tname\tmean_class_accuracy\taccuracy\tloss\toptions')" ] ||
    fail "$(cat "$ranking")"
[ "$(cut -f 1 "$ranking" | tr '\n' ' ')" = 'rank 1 2 3 ' ] || fail "$(cat "$ranking")"
[ "$(sed -n 2p "$ranking" | cut -f 2,6)" = "$(printf 'fast\t--learning-rate 1 --epochs 60')" ] ||
    fail "fast is not the first: $(cat "$ranking")"
[ "$(sed -n 4p "$ranking" | cut -f 2)" = still ] || fail "still is not the last: $(cat "$ranking")"
tail -n 4 stdout | cmp - "$ranking"
tail -n +2 "$ranking" | while IFS="$(printf '\t')" read -r _ name mean _; do
    expect_text "work/sweep/$name/evaluation.json" "\"mean_class_accuracy\":$mean,"
done
expect_file work/sweep/fast/run/epoch-0060.h5 work/sweep/still/output.log

# The runs are those of the pipeline alone.
expect_exit 0 pipeline --source digits --work-dir alone --train-options \
    "$lesson --epochs 4 --learning-rate 1 --epochs 60"
cmp alone/run/epoch-0060.h5 work/sweep/fast/run/epoch-0060.h5

# Again: nothing is trained anew.  The table may stand in the settings.
before=$(stamps_of work/sweep/*/run/*.h5)
cp "$ranking" ranking.tsv
printf '%s\n' SOURCE=digits WORK_DIR=work "TRAIN_OPTIONS=$lesson --epochs 4" SWEEP=table >settings
expect_exit 0 pipeline --settings settings
[ "$before" = "$(stamps_of work/sweep/*/run/*.h5)" ] || fail "trained again"
cmp "$ranking" ranking.tsv
rm "$ranking"
expect_exit 0 pipeline --settings settings --only evaluate
cmp "$ranking" ranking.tsv

# Wrong lines are found before anything begins.
echo 'bad --epochs none' >bad
expect_exit 2 sweep --work-dir new --sweep bad
expect_text stderr 'bad: bad: quern-train: --epochs: expected'
expect_no_file new
expect_exit 2 sweep --sweep missing

# One that fails is named, and the others are ranked.
mkdir -p failing/sweep
printf '%s\n' 'good --epochs 2' 'bad --epochs 3' >table
touch failing/sweep/bad
expect_exit 1 sweep --work-dir failing --sweep table
expect_text stderr 'bad failed with exit code 74'
expect_text stderr 'bad has no evaluation'
[ "$(tail -n +2 failing/sweep/ranking.tsv | cut -f 1,2)" = "$(printf '1\tgood')" ] ||
    fail "$(cat failing/sweep/ranking.tsv)"

# One that stops after a checkpoint stops the sweep, and the same command goes on.
stand_in ingest 'exit 0'
# shellcheck disable=SC2016
stand_in train 'case $* in *--dry-run*) exit 0 ;; esac' \
    'echo "$*" >>trained' '[ -e stopped ] || { touch stopped; exit 75; }'
# shellcheck disable=SC2016
stand_in evaluate 'echo "{\"loss\":1,\"accuracy\":0.5,\"mean_class_accuracy\":0.5,\"classes\":[]}"'
expect_exit 75 pipeline --programs programs --source digits --work-dir stopping --sweep table
[ "$(wc -l <trained)" -eq 1 ] || fail "$(cat trained)"
expect_exit 0 pipeline --programs programs --source digits --work-dir stopping --sweep table
[ "$(wc -l <trained)" -eq 3 ] || fail "$(cat trained)"
