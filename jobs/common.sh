# Sourced by pipeline.sh and by the scripts in slurm/ and pbs/: arguments, programs, and the command of
# each stage.  A script that sources this has set
#   program, here, jobs        its name for messages, its folder, and the folder of this file
# and, before it calls what needs them,
#   own_flags, own_options     words: its own options, without and with a value
#   own_option NAME VALUE      takes one of them
#   launch COMMAND...          runs the command of a stage, and never returns
# Set here and used there, or the other way round:
# shellcheck shell=sh disable=SC2034,SC2154

newline='
'

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

# shellcheck source=jobs/words.sh
. "$jobs/words.sh"
# shellcheck source=jobs/settings.sh
. "$jobs/settings.sh"

# ---- Arguments ---------------------------------------------------------------------------------

common_options='--source --work-dir --store --settings --programs
    --ingest-options --train-options --evaluate-options'
settings='' programs=''

parse_arguments() {
    while [ $# -gt 0 ]; do
        option=$1
        shift
        if is_one_of "$option" "$own_flags"; then
            own_option "$option"
            continue
        fi
        case $option in
        --*=*)
            value=${option#*=}
            option=${option%%=*}
            ;;
        -*)
            is_one_of "$option" "$common_options $own_options" ||
                fail 2 "unknown option $option (--help lists them)"
            [ $# -gt 0 ] || fail 2 "option $option needs a value"
            value=$1
            shift
            ;;
        *) fail 2 "unexpected argument $option (--help says what is expected)" ;;
        esac
        take_option "$option" "$value"
    done
}

is_one_of() {
    for candidate in $2; do
        [ "$1" != "$candidate" ] || return 0
    done
    return 1
}

take_option() {
    case $1 in
    --*-options) ;;
    *) [ -n "$2" ] || fail 2 "option $1 needs a value" ;;
    esac
    case $1 in
    --source) source=$2 ;;
    --work-dir) work_dir=$2 ;;
    --store) store=$2 ;;
    --settings) settings=$2 ;;
    --programs) programs=$2 ;;
    --ingest-options) ingest_options=$2 ;;
    --train-options) train_options=$2 ;;
    --evaluate-options) evaluate_options=$2 ;;
    *)
        is_one_of "$1" "$own_options" || fail 2 "unknown option $1 (--help lists them)"
        own_option "$1" "$2"
        ;;
    esac
}

# take_stages FROM ONLY: sets `stages`; one of the two is empty, or both.
take_stages() {
    [ -z "$1" ] || [ -z "$2" ] || fail 2 "--from and --only exclude each other"
    stages_from --from "${1:-ingest}"
    if [ -n "$2" ]; then
        stages_from --only "$2"
        stages=$2
    fi
}

stages_from() {
    case $2 in
    ingest) stages='ingest train evaluate' ;;
    train) stages='train evaluate' ;;
    evaluate) stages='evaluate' ;;
    *) fail 2 "option $1 takes ingest, train or evaluate, not \"$2\"" ;;
    esac
}

# Once arguments and settings are taken.
check_stages() {
    [ -n "${work_dir=}" ] || fail 2 "no work folder: give --work-dir DIR (see --help)"
    case $stages in
    *ingest*) [ -n "${source=}" ] || fail 2 "no source: give --source SOURCE (see --help)" ;;
    esac
    # A path that begins with a dash would be taken for an option.
    case ${source=} in -*) source=./$source ;; esac
    case $work_dir in -*) work_dir=./$work_dir ;; esac
    case ${store=$work_dir/store.h5} in -*) store=./$store ;; esac

    check_words "option --ingest-options" "${ingest_options=}" \
        '--h*' '--vers*' '--dr*'
    check_train_words "option --train-options" "${train_options=}"
    check_words "option --evaluate-options" "${evaluate_options=}" \
        '--h*' '--ver*' '--o*' '--j*' '--i*'
}

check_train_words() {
    check_words "$1" "$2" '--h*' '--ver*' '--dr*' '--ou*' '--res*'
}

# check_words WHERE WORDS PATTERN...: refuses words that are the script's to set, or that would let a
# stage end well without its work.  The programs know abbreviations, hence patterns.
check_words() {
    where=$1
    words=$(split_words "$2") || fail 2 "$where: a quote is not closed: $2"
    shift 2
    set -f
    IFS=$newline
    for word in $words; do
        for pattern in -- "$@"; do
            # shellcheck disable=SC2254
            case $word in
            $pattern) fail 2 "$where: $word cannot be given here" ;;
            esac
        done
    done
    unset IFS
    set +f
}

# ---- Programs ----------------------------------------------------------------------------------

# Sets `programs` to the folder of the programs of `stages`; empty when they are in PATH.
find_programs() {
    if [ -n "$programs" ]; then
        has_programs "$programs" || fail 69 "$programs: does not hold the programs for: $stages"
        return
    fi
    # First beside a link to the script, as the build makes one beside its programs.
    for programs in "$(dirname -- "$0")" "$here" "$jobs/../build/release/bin" \
        "$jobs/../../../bin"; do
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

has_programs() {
    for stage in $stages; do
        [ -x "$1/quern-$stage" ] || return 1
    done
}

print_version() {
    stages=ingest
    find_programs
    version=$("${programs:+$programs/}quern-ingest" --version) || exit
    printf '%s (quern) %s\n' "$program" "${version##* }"
}

# ---- Stages ------------------------------------------------------------------------------------

# Traps add to num_caught; one that stops the script, whatever its stage does, sets stop_signal.
force='' quiet='' dry_run=no child='' num_caught=0 stop_signal=0

ingest() {
    run_stage ingest "$ingest_options" ${force:+"$force"} "$source" "$store"
}

train() {
    set_evaluation_aside
    run_stage train "$train_options" "$store" --output "$work_dir/run" --resume ${force:+"$force"}
    code=$?
    return_evaluation
    return "$code"
}

# Before a training that may change the model, what was found of it gets a name that says so, and the
# old name again if the model is as it was.  A run that is killed in between leaves it marked.
set_evaluation_aside() {
    is_aside=no
    [ "$dry_run" = no ] && [ -e "$work_dir/evaluation.json" ] || return
    stamps=$(stamp_checkpoints)
    move_evaluation '' -older
    is_aside=yes
}

return_evaluation() {
    [ "$is_aside" = yes ] || return
    if [ "$stamps" = "$(stamp_checkpoints)" ]; then
        move_evaluation -older ''
    else
        say "the evaluation of the model before is now $work_dir/evaluation-older.json"
    fi
}

# move_evaluation MARK NEW_MARK: marks stand between the files' names and their endings.
move_evaluation() {
    for file in evaluation.json evaluation.h5 report.html; do
        from=$work_dir/${file%.*}$1.${file##*.}
        [ ! -e "$from" ] ||
            mv -f -- "$from" "$work_dir/${file%.*}$2.${file##*.}" ||
            fail 74 "$from: cannot rename"
    done
}

# Changes when a checkpoint is written again, even with the same bytes.
stamp_checkpoints() {
    find "$work_dir/run/" -maxdepth 1 -name '*.h5' -exec stat -c '%n %i %s %y' {} + 2>/dev/null | sort
}

# spool_to DIR: where ingest copies the images of a compressed tar, unless its options say.
spool_to() {
    case " $ingest_options " in
    *' --spool-dir'[=\ ]*) ;;
    *) ingest_options="$ingest_options --spool-dir $(quote_word "$1")" ;;
    esac
}

# Once for programs, with the figures of each sample, and once for people.
evaluate() {
    if [ "$dry_run" = yes ]; then
        run_stage evaluate "$evaluate_options" "$work_dir/run" "$store" \
            --output "$work_dir/evaluation.h5" --report "$work_dir/report.html" --json
        return
    fi
    partial=$work_dir/evaluation.json.partial
    true >"$partial" || return 74
    evaluate_twice
    code=$?
    rm -f -- "$partial"
    if [ "$code" -eq 0 ]; then
        rm -f -- "$work_dir/evaluation-older.json" "$work_dir/evaluation-older.h5" \
            "$work_dir/report-older.html"
    fi
    return "$code"
}

evaluate_twice() {
    run_stage evaluate "$evaluate_options" "$work_dir/run" "$store" \
        --output "$work_dir/evaluation.h5" --report "$work_dir/report.html" --json >"$partial" ||
        return
    mv -f -- "$partial" "$work_dir/evaluation.json" || return 74
    # Its messages were seen the first time.
    run_stage evaluate "$evaluate_options" "$work_dir/run" "$store" 2>"$partial" && return
    code=$?
    cat -- "$partial" >&2
    return "$code"
}

# run_stage STAGE WORDS ARGUMENT...: runs quern-STAGE with the arguments and the words.
run_stage() {
    stage=$1
    words=$(split_words "$2")
    shift 2
    set -f
    IFS=$newline
    # shellcheck disable=SC2086
    set -- "${programs:+$programs/}quern-$stage" ${quiet:+"$quiet"} "$@" $words
    unset IFS
    set +f

    if [ "$dry_run" = yes ]; then
        print_command "$@"
        return 0
    fi
    # In the background, so that a signal to this script reaches the stage at once: a stage must
    # not go on writing after its script has ended.
    launch "$@" &
    child=$!
    wait_for_stage
}

wait_for_stage() {
    num_waited=-1
    while [ "$num_waited" -ne "$num_caught" ]; do
        # A signal ends the wait early; then wait again for the stage itself.
        num_waited=$num_caught
        wait "$child"
        code=$?
    done
    child=
    if [ "$code" -eq 0 ] && [ "$stop_signal" -gt 0 ]; then
        code=$((128 + stop_signal))
    fi
    return "$code"
}
