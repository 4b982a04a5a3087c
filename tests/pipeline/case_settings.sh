# A settings file is read strictly, and the options overrule it.
# shellcheck source=tests/pipeline/support.sh
. "$(dirname "$0")/support.sh"

draw_digits
mkdir -p 'a folder'
mv digits 'a folder/my digits'
cat >'a folder/settings' <<EOF
# Paths are relative to this file.
SOURCE=my digits

WORK_DIR=work
INGEST_OPTIONS=--classes '7',3
TRAIN_OPTIONS=$lesson --epochs 2
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
refused 'settings:1: SOURCE has no value' 'SOURCE='
refused 'settings:1: SOURCE has no value' 'SOURCE= # none'
refused "settings:3: TRAIN_OPTIONS: a quote is not closed: --epochs '3" 'SOURCE=a' 'WORK_DIR=b' \
    "TRAIN_OPTIONS=--epochs '3"
refused '--output cannot be given here' 'SOURCE=a' 'WORK_DIR=b' 'TRAIN_OPTIONS=--output c'
expect_exit 2 pipeline --settings missing --dry-run

# Nothing of it reaches a shell.
# shellcheck disable=SC2016
for value in '$(touch touched)' '`touch touched`' '"$(touch touched)"' '"a `touch touched`"'; do
    refused 'is not run: settings are read, not executed' 'WORK_DIR=work' "SOURCE=$value"
    refused 'is not run: settings are read, not executed' 'WORK_DIR=work' "TRAIN_OPTIONS=--seed $value"
done
printf '%s\n%s\r\n%s' "SOURCE='\$(touch touched)'" 'WORK_DIR=work; touch touched' \
    "TRAIN_OPTIONS=--seed '\$(touch touched)' * | touch touched" >settings
expect_exit 0 pipeline --settings settings --dry-run
expect_no_file touched
expect_text stdout "quern-ingest '\$(touch touched)' 'work; touch touched/store.h5'"
# The last line may lack its end.
expect_text stdout "--resume --seed '\$(touch touched)' '*' '|' touch touched"

# means TEXT VALUE: of a path and of options, what VALUE means.
means() {
    printf '%s\n' "SOURCE=$2" 'WORK_DIR=work' >settings
    expect_exit 0 pipeline --settings settings --dry-run --only ingest
    expect_text stdout "quern-ingest $1 work/store.h5"
}
HOME=/home/somebody
export HOME FOLDER='my folder'
# shellcheck disable=SC2016,SC2088
{
    means /home/somebody/x '$HOME/x'
    means /home/somebody/x '${HOME}/x'
    means /home/somebody/x '"$HOME/x"   # of mine'
    means "'\$HOME/x'" "'\$HOME/x'"
    means /home/somebody/x '~/x'
    means "'x~'" 'x~'
    means "'my digits'" 'my digits  # a comment'
    means "'my digits'" '"my digits"'
    means "'my digits'" 'my\ digits'
    means "'my folder/x'" '$FOLDER/x'
    means "'a#b'" 'a#b'
    means "'a # b'" '"a # b"'
    means "'100% \$'" '100% $'
    means digits '   digits   '
    means digits "$(printf '\tdigits')"
    refused 'settings:1: SOURCE: the variable NO_SUCH is not set' 'SOURCE=$NO_SUCH/x'
    refused 'settings:1: SOURCE: of ${...} only ${NAME} is known' 'SOURCE=${HOME:-x}'
    refused "settings:1: SOURCE: a quote is not closed: Bob's" "SOURCE=Bob's"

    # Of its own earlier lines, and whoever runs it.
    printf '%s\n' '  SOURCE = a' 'WORK_DIR=/w/$USER' 'STORE=$WORK_DIR/s.h5 # beside' >settings
    USER='' expect_exit 0 pipeline --settings settings --dry-run --only ingest
    expect_text stdout "quern-ingest a /w/$(id -un)/s.h5"

    # Options: in quotes as a whole, or word by word.
    for value in '"--epochs 3 --seed 2"' "'--epochs 3 --seed 2' # short" '--epochs 3 --seed 2 # short' \
        '--epochs "3" --seed '"'2'"; do
        printf '%s\n' 'SOURCE=a' 'WORK_DIR=work' "TRAIN_OPTIONS=$value" >settings
        expect_exit 0 pipeline --settings settings --dry-run --only train
        grep -q -- '--resume --epochs 3 --seed 2$' stdout || fail "$value means: $(cat stdout)"
    done
    for value in '--layers "conv:16 relu"' "\"--layers 'conv:16 relu'\"" '--layers conv:16\ relu'; do
        printf '%s\n' 'SOURCE=a' 'WORK_DIR=work' "TRAIN_OPTIONS=$value" >settings
        expect_exit 0 pipeline --settings settings --dry-run --only train
        expect_text stdout "--resume --layers 'conv:16 relu'"
    done
    printf '%s\n' 'SOURCE=a' 'WORK_DIR=work' 'INGEST_OPTIONS=--spool-dir $FOLDER/x' >settings
    expect_exit 0 pipeline --settings settings --dry-run --only ingest
    expect_text stdout "--spool-dir 'my folder/x'"
}

# The example is a settings file.
cp "$QUERN_SOURCE/jobs/pipeline.settings.example" settings
expect_exit 0 pipeline --settings settings --dry-run
expect_text stdout '--recipe lesson'
