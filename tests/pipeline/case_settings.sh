# A settings file is read strictly, and the options overrule it.
# shellcheck source=tests/pipeline/support.sh
. "$(dirname "$0")/support.sh"

draw_digits
mkdir -p 'a folder'
mv digits 'a folder/my digits'
cat >'a folder/settings' <<'EOF'
# Paths are relative to this file.
SOURCE=my digits

WORK_DIR=work
INGEST_OPTIONS=--classes '7',3
TRAIN_OPTIONS=--epochs 2 --learning-rate 1
EVALUATE_OPTIONS=--split train
EOF
expect_exit 0 pipeline --settings 'a folder/settings'
expect_file 'a folder/work/run/epoch-0002.h5'
expect_text 'a folder/work/evaluation.json' '"total":120'
expect_text 'a folder/work/evaluation.json' '"classes":[{"name":"7"'

# Wherever the option stands.
expect_exit 0 pipeline --evaluate-options '' --settings 'a folder/settings' --only evaluate
expect_text 'a folder/work/evaluation.json' '"total":40'

# refused TEXT LINE...: a settings file of these lines is refused with TEXT.
refused() {
    text=$1
    shift
    printf '%s\n' "$@" >settings
    expect_exit 2 pipeline --settings settings --dry-run
    expect_text stderr "$text"
}

refused 'settings:2: unknown key EPOCHS' 'WORK_DIR=work' 'EPOCHS=3'
refused 'settings:3: SOURCE is given twice' 'SOURCE=a' 'WORK_DIR=work' 'SOURCE=b'
refused 'settings:1: expected KEY=VALUE' 'SOURCE digits'
refused 'settings:1: expected KEY=VALUE' ' SOURCE=digits'
refused 'settings:1: SOURCE is taken as it stands' 'SOURCE="digits"'
refused 'settings:1: SOURCE has no value' 'SOURCE='
refused 'settings:1: SOURCE begins or ends with a blank' 'SOURCE= digits'
refused 'a quote is not closed' 'SOURCE=a' 'WORK_DIR=b' "TRAIN_OPTIONS=--epochs '3"
refused '--output cannot be given here' 'SOURCE=a' 'WORK_DIR=b' 'TRAIN_OPTIONS=--output c'
expect_exit 2 pipeline --settings missing --dry-run

# Nothing of it reaches a shell, and the last line may lack its end.
# shellcheck disable=SC2016
printf '%s\n%s\r\n%s' 'SOURCE=$(touch touched)' 'WORK_DIR=`touch touched`' \
    'TRAIN_OPTIONS=--seed $(touch touched) *' >settings
expect_exit 0 pipeline --settings settings --dry-run
expect_no_file touched
# shellcheck disable=SC2016
expect_text stdout "'\$(touch touched)' '\`touch touched\`/store.h5'"
expect_text stdout "--resume --seed '\$(touch' 'touched)' '*'"

# The example is a settings file.
cp "$QUERN_SOURCE/jobs/pipeline.settings.example" settings
expect_exit 0 pipeline --settings settings --dry-run
expect_text stdout '--recipe lesson'
