# The stages one after the other, with what submit.sh and the pipeline are told in one settings file.
# shellcheck shell=sh disable=SC2154
mkdir 'a folder'
ln -s "$cluster/digits" 'a folder/digits'
cat >'a folder/settings' <<END
SOURCE=digits
WORK_DIR=100% work
INGEST_OPTIONS=--classes 7,3
TRAIN_OPTIONS=$lesson --epochs 30
THREADS=2
TIME=10
TRAIN_TIME=20
EVALUATE_THREADS=1
PARTITION=main
END
"$QUERN_SOURCE/jobs/slurm/submit.sh" --programs "$QUERN_BIN" --settings 'a folder/settings' >ids
[ "$(cut -d ' ' -f 1 ids | tr '\n' ' ')" = 'ingest train evaluate ' ] || fail "printed: $(cat ids)"

first=$(sed -n 's/^ingest //p' ids)
last=$(tail -n 1 ids | cut -d ' ' -f 2)
wait_for "the end of the chain" has_ended "$last"
while read -r name id; do
    expect_state "$id" COMPLETED
    [ "$(field "$id" JobName)" = "100__work-$name" ] || fail "$name is named $(field "$id" JobName)"
    [ "$(field "$id" Partition)" = main ] || fail "$name ran in another partition"
    cpus=2 limit=00:10:00
    case $name in
    train) limit=00:20:00 ;;
    evaluate) cpus=1 ;;
    esac
    [ "$(field "$id" NumCPUs)" = "$cpus" ] || fail "$name had another number of CPUs"
    [ "$(field "$id" TimeLimit)" = "$limit" ] || fail "$name had another time limit"
    expect_text "a folder/100% work/logs/$name-$id.log" "100__work-$name: job $id"
    [ "$name" = ingest ] ||
        expect_text "a folder/100% work/logs/$name-$id.log" "of the chain $first"
done <ids

# Each began when the one before it had ended.
ended=
while read -r name id; do
    began=$(field "$id" StartTime)
    [ "$(printf '%s\n%s\n' "$ended" "$began" | sort | head -n 1)" = "$ended" ] ||
        fail "$name began at $began, before $ended"
    ended=$(field "$id" EndTime)
done <ids

# The files that the pipeline makes on one machine.
"$QUERN_SOURCE/jobs/pipeline.sh" --programs "$QUERN_BIN" --settings 'a folder/settings' \
    --work-dir alone >pipeline.log 2>&1
cmp 'a folder/100% work/store.h5' alone/store.h5
expect_same_run alone/run 'a folder/100% work/run'
expect_text 'a folder/100% work/evaluation.json' '"total":200'

# Submitted again, it finds nothing left to do.
"$QUERN_SOURCE/jobs/slurm/submit.sh" --programs "$QUERN_BIN" --settings 'a folder/settings' \
    --from train >ids
id=$(sed -n 's/^train //p' ids)
expect_state "$id" COMPLETED
expect_text "a folder/100% work/logs/train-$id.log" finished
