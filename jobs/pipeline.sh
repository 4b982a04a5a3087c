#!/bin/sh
# Chains quern-ingest, quern-train and quern-evaluate on this machine.
set -u

program=$(basename -- "$0")
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd) || exit 74
newline='
'

usage() {
    cat <<EOF
Usage: $program [OPTION...] --source SOURCE --work-dir DIR
       $program [OPTION...] --settings FILE

Turns a folder of PNG images into a store, trains a classifier on it and evaluates it:
  quern-ingest SOURCE DIR/store.h5
  quern-train DIR/store.h5 --output DIR/run --resume
  quern-evaluate DIR/run DIR/store.h5 --output DIR/evaluation.h5, and DIR/evaluation.json
It stops at the first stage that fails, with that stage's exit code.  Run again, it does what is
left to do: an unchanged store is kept, training goes on after the newest whole checkpoint.

What and where:
  --source SOURCE             tree of PNG images, as quern-ingest takes it
  --work-dir DIR              folder for all that is written, made if new
  --store STORE.h5            the store, for runs that share one (default: DIR/store.h5)
  --settings FILE             take settings from FILE; the options here overrule it
  --programs BIN_DIR          where the three programs are (default: beside this script, then in
                              build/release/bin of its checkout, then in PATH)

Settings of the stages:
  --ingest-options 'WORDS'    more options for quern-ingest, such as '--classes 7,3'
  --train-options 'WORDS'     more options for quern-train
  --evaluate-options 'WORDS'  more options for quern-evaluate

Which stages:
  --from STAGE                begin with STAGE: ingest, train or evaluate (default: ingest)
  --only STAGE                this stage alone
  --force                     ingest and train anew: replaces the store, removes the checkpoints of
                              the run
  --dry-run                   print the commands and stop

General:
  --help                      print this help and exit
  --version                   print the version and exit

FILE has lines KEY=VALUE with the keys SOURCE, WORK_DIR, STORE, INGEST_OPTIONS, TRAIN_OPTIONS and
EVALUATE_OPTIONS, empty lines, and comment lines that begin with #.  Its paths are relative to its
own folder.  WORDS are separated by blanks; quotes and backslashes keep a word together.

Exit status: 0 done, 2 wrong arguments or settings, 69 a program was not found, 74 cannot write,
75 stopped after a checkpoint (run again to go on); else that of the stage that failed.

Examples:
  $program --source digits --work-dir work --train-options '--learning-rate 1 --epochs 20'
  $program --settings digits.settings --from train
  $program --settings digits.settings --only evaluate
EOF
}

say() {
    printf '%s: %s\n' "$program" "$*" >&2
}

# fail EXIT_CODE MESSAGE...
fail() {
    fail_code=$1
    shift
    say "$*"
    exit "$fail_code"
}

# ---- Settings ----------------------------------------------------------------------------------

# A settings file is read, never run: no value of it is ever evaluated by the shell.
read_settings() {
    if [ ! -f "$1" ] || [ ! -r "$1" ]; then
        fail 2 "$1: cannot read this settings file"
    fi
    folder=$(dirname -- "$1")
    keys=' '
    line_number=0
    while IFS= read -r line || [ -n "$line" ]; do
        line_number=$((line_number + 1))
        line=${line%"$(printf '\r')"}
        case $line in
        '' | '#'*) continue ;;
        [A-Z]*=*) ;;
        *) fail 2 "$1:$line_number: expected KEY=VALUE, found: $line" ;;
        esac
        key=${line%%=*}
        value=${line#*=}
        case $keys in
        *" $key "*) fail 2 "$1:$line_number: $key is given twice" ;;
        esac
        keys="$keys$key "
        take_setting "$1:$line_number" "$key" "$value" "$folder"
    done <"$1"
}

# take_setting PLACE KEY VALUE FOLDER: keeps what the command line has set already.
take_setting() {
    case $2 in
    SOURCE | WORK_DIR | STORE) check_path "$1" "$2" "$3" ;;
    esac
    case $2 in
    SOURCE) : "${source=$(path_within "$4" "$3")}" ;;
    WORK_DIR) : "${work_dir=$(path_within "$4" "$3")}" ;;
    STORE) : "${store=$(path_within "$4" "$3")}" ;;
    INGEST_OPTIONS) : "${ingest_options=$3}" ;;
    TRAIN_OPTIONS) : "${train_options=$3}" ;;
    EVALUATE_OPTIONS) : "${evaluate_options=$3}" ;;
    *) fail 2 "$1: unknown key $2" ;;
    esac
}

check_path() {
    case $3 in
    '') fail 2 "$1: $2 has no value" ;;
    [\'\"]*) fail 2 "$1: $2 is taken as it stands: write it without quotes" ;;
    [\ ]* | *[\ ]) fail 2 "$1: $2 begins or ends with a blank" ;;
    esac
}

path_within() {
    case $1:$2 in
    .:* | *:/*) printf '%s\n' "$2" ;;
    *) printf '%s/%s\n' "$1" "$2" ;;
    esac
}

# ---- Arguments ---------------------------------------------------------------------------------

stages_from() {
    case $2 in
    ingest) stages='ingest train evaluate' ;;
    train) stages='train evaluate' ;;
    evaluate) stages='evaluate' ;;
    *) fail 2 "option $1 takes ingest, train or evaluate, not \"$2\"" ;;
    esac
}

check_arguments() {
    [ -z "$from" ] || [ -z "$only" ] || fail 2 "--from and --only exclude each other"
    stages_from --from "${from:-ingest}"
    if [ -n "$only" ]; then
        stages_from --only "$only"
        stages=$only
    fi
    [ -n "${work_dir=}" ] || fail 2 "no work folder: give --work-dir DIR (see --help)"
    case $stages in
    *ingest*) [ -n "${source=}" ] || fail 2 "no source: give --source SOURCE (see --help)" ;;
    esac
    if [ -n "$force" ] && [ "$stages" = evaluate ]; then
        fail 2 "--force is for ingest and train"
    fi
    # A path that begins with a dash would be taken for an option.
    case ${source=} in -*) source=./$source ;; esac
    case $work_dir in -*) work_dir=./$work_dir ;; esac
    case ${store=$work_dir/store.h5} in -*) store=./$store ;; esac

    check_words --ingest-options "${ingest_options=}" \
        '--h*' '--vers*' '--dr*'
    check_words --train-options "${train_options=}" \
        '--h*' '--ver*' '--dr*' '--ou*' '--r*'
    check_words --evaluate-options "${evaluate_options=}" \
        '--h*' '--ver*' '--o*' '--j*' '--i*'
}

# check_words OPTION WORDS PATTERN...: refuses words that are the pipeline's to set, or that would
# let a stage end well without its work.  The programs know abbreviations, hence patterns.
check_words() {
    option=$1
    words=$(split_words "$2") || fail 2 "option $option: a quote is not closed: $2"
    shift 2
    set -f
    IFS=$newline
    for word in $words; do
        for pattern in "$@"; do
            # shellcheck disable=SC2254
            case $word in
            $pattern) fail 2 "option $option: $word cannot be given here" ;;
            esac
        done
        case $word in
        --) fail 2 "option $option: $word cannot be given here" ;;
        esac
    done
    unset IFS
    set +f
}

# One word a line.  xargs knows quotes and backslashes as the shell does, and runs nothing.
split_words() {
    case $1 in
    *[![:space:]]*) printf '%s\n' "$1" | xargs printf '%s\n' 2>/dev/null ;;
    esac
}

# ---- Programs ----------------------------------------------------------------------------------

has_programs() {
    for stage in $stages; do
        [ -x "$1/quern-$stage" ] || return 1
    done
}

find_programs() {
    if [ -n "$programs" ]; then
        has_programs "$programs" || fail 69 "$programs: does not hold the programs for: $stages"
        return
    fi
    for programs in "$here" "$here/../build/release/bin" "$here/../../../bin"; do
        if has_programs "$programs"; then
            programs=$(CDPATH='' cd -- "$programs" && pwd)
            return
        fi
    done
    for stage in $stages; do
        command -v "quern-$stage" >/dev/null ||
            fail 69 "quern-$stage was not found: build quern, or give --programs BIN_DIR"
    done
    programs=
}

print_version() {
    stages=ingest
    find_programs
    version=$("${programs:+$programs/}quern-ingest" --version) || exit
    printf '%s (quern) %s\n' "$program" "${version##* }"
}

# ---- Stages ------------------------------------------------------------------------------------

# run_stage STAGE WORDS ARGUMENT...: runs quern-STAGE with the arguments and the words.
run_stage() {
    stage=$1
    words=$(split_words "$2")
    shift 2
    set -f
    IFS=$newline
    # shellcheck disable=SC2086
    set -- "${programs:+$programs/}quern-$stage" "$@" $words
    unset IFS
    set +f

    if [ "$dry_run" = yes ]; then
        print_command "$@"
        return 0
    fi
    # In the background, so that a signal to this script reaches the stage at once: a stage must
    # not go on writing after its pipeline has ended.
    "$@" &
    child=$!
    wait_for_stage
}

wait_for_stage() {
    num_waited=-1
    while [ "$num_waited" -ne $((num_signals + num_saves)) ]; do
        # A signal ends the wait early; then wait again for the stage itself.
        num_waited=$((num_signals + num_saves))
        wait "$child"
        code=$?
    done
    child=
    if [ "$code" -eq 0 ] && [ "$num_signals" -gt 0 ]; then
        code=$((128 + signal))
    fi
    return "$code"
}

# The stage gets SIGTERM for the others too: the shell has it ignore SIGINT in the background.
pass_signal() {
    signal=$1
    num_signals=$((num_signals + 1))
    [ -n "$child" ] || exit $((128 + signal))
    kill -TERM "$child" 2>/dev/null
}

# SIGUSR2 asks for a checkpoint, which training alone can write.
pass_save() {
    num_saves=$((num_saves + 1))
    [ -z "$child" ] || [ "$stage" != train ] || kill -USR2 "$child" 2>/dev/null
}

print_command() {
    line=
    for word in "$@"; do
        case $word in
        '' | *[!A-Za-z0-9_./,:=+@%-]*)
            word=\'$(printf '%s\n' "$word" | sed "s/'/'\\\\''/g")\'
            ;;
        esac
        line="$line${line:+ }$word"
    done
    printf '%s\n' "$line"
}

ingest() {
    run_stage ingest "$ingest_options" ${force:+"$force"} "$source" "$store"
}

train() {
    run_stage train "$train_options" "$store" --output "$work_dir/run" --resume ${force:+"$force"}
}

# Once for programs, with the figures of each sample, and once for people.
evaluate() {
    if [ "$dry_run" = yes ]; then
        run_stage evaluate "$evaluate_options" "$work_dir/run" "$store" \
            --output "$work_dir/evaluation.h5" --json
        return
    fi
    partial=$work_dir/evaluation.json.partial
    true >"$partial" || return 74
    evaluate_twice
    code=$?
    rm -f -- "$partial"
    return "$code"
}

evaluate_twice() {
    run_stage evaluate "$evaluate_options" "$work_dir/run" "$store" \
        --output "$work_dir/evaluation.h5" --json >"$partial" || return
    mv -f -- "$partial" "$work_dir/evaluation.json" || return 74
    # Its messages were seen the first time.
    run_stage evaluate "$evaluate_options" "$work_dir/run" "$store" 2>"$partial" && return
    code=$?
    cat -- "$partial" >&2
    return "$code"
}

run_pipeline() {
    if [ "$dry_run" = no ]; then
        mkdir -p -- "$work_dir" || fail 74 "$work_dir: cannot make the work folder"
    fi
    for this_stage in $stages; do
        [ "$dry_run" = yes ] || say "$this_stage"
        "$this_stage"
        code=$?
        case $code in
        0) ;;
        75) fail 75 "quern-$this_stage stopped after a checkpoint: run again to go on" ;;
        *) fail "$code" "quern-$this_stage failed with exit code $code" ;;
        esac
    done
    [ "$dry_run" = yes ] || say "done: $work_dir"
}

unset source work_dir store ingest_options train_options evaluate_options
programs='' settings='' from='' only='' force='' dry_run=no show_version=no
child='' signal=0 num_signals=0 num_saves=0

while [ $# -gt 0 ]; do
    option=$1
    shift
    case $option in
    --help)
        usage
        exit 0
        ;;
    --version)
        show_version=yes
        continue
        ;;
    --force)
        force=--force
        continue
        ;;
    --dry-run)
        dry_run=yes
        continue
        ;;
    --*=*)
        value=${option#*=}
        option=${option%%=*}
        ;;
    --source | --work-dir | --store | --settings | --programs | --from | --only | --*-options)
        [ $# -gt 0 ] || fail 2 "option $option needs a value"
        value=$1
        shift
        ;;
    esac
    case $option in
    --ingest-options) ingest_options=$value ;;
    --train-options) train_options=$value ;;
    --evaluate-options) evaluate_options=$value ;;
    --source | --work-dir | --store | --settings | --programs | --from | --only)
        [ -n "$value" ] || fail 2 "option $option needs a value"
        case $option in
        --settings) settings=$value ;;
        --source) source=$value ;;
        --work-dir) work_dir=$value ;;
        --store) store=$value ;;
        --programs) programs=$value ;;
        --from) from=$value ;;
        --only) only=$value ;;
        esac
        ;;
    -*) fail 2 "unknown option $option (--help lists them)" ;;
    *) fail 2 "unexpected argument $option (--help says what is expected)" ;;
    esac
done

if [ "$show_version" = yes ]; then
    print_version
    exit 0
fi
[ -z "$settings" ] || read_settings "$settings"
check_arguments
find_programs
trap 'pass_signal 1' HUP
trap 'pass_signal 2' INT
trap 'pass_signal 10' USR1
trap 'pass_signal 15' TERM
trap pass_save USR2
run_pipeline
