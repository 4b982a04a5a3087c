# Sourced after common.sh: what can be checked before anything is queued.
# Set here and used there, or the other way round:
# shellcheck shell=sh disable=SC2034,SC2154

check_numbers() {
    check_number shards "${num_shards=}"
    check_number nodes "${num_nodes=}"
    check_number tasks-per-node "${tasks_per_node=}"
    check_number threads "${num_threads=}"
    check_number ingest-threads "${ingest_threads=}"
    check_number train-threads "${train_threads=}"
    check_number evaluate-threads "${evaluate_threads=}"
}

check_number() {
    case $2 in
    0* | *[!0-9]*) fail 2 "option --$1 takes a number from 1, not \"$2\"" ;;
    esac
}

# use_resources STAGE: sets the job_time, job_threads and job_memory of its jobs.
use_resources() {
    case $1 in
    ingest)
        job_time=${ingest_time:-$time}
        job_threads=${ingest_threads:-$num_threads}
        job_memory=${ingest_memory:-$memory}
        ;;
    train)
        job_time=${train_time:-$time}
        job_threads=${train_threads:-$num_threads}
        job_memory=${train_memory:-$memory}
        ;;
    evaluate)
        job_time=${evaluate_time:-$time}
        job_threads=${evaluate_threads:-$num_threads}
        job_memory=${evaluate_memory:-$memory}
        ;;
    esac
}

# ---- Names -------------------------------------------------------------------------------------

# Of the run, for the names of jobs: what was given, or the last part of the work folder.
choose_run_name() {
    if [ -n "${run_name:=}" ]; then
        case $run_name in
        [-.]* | *[!A-Za-z0-9._+=-]*)
            fail 2 "option --name takes letters, digits and . _ + = -, not \"$run_name\""
            ;;
        esac
        return
    fi
    run_name=$(basename -- "$work_dir" | LC_ALL=C sed -e 's/[^A-Za-z0-9._+=-]/_/g' -e 's/^[-.]/_/')
}

# ---- Inputs ------------------------------------------------------------------------------------

check_inputs() {
    case $stages in
    ingest*)
        [ -e "$source" ] || fail 2 "$source: there is no such source"
        { [ -r "$source" ] && { [ ! -d "$source" ] || [ -x "$source" ]; }; } ||
            fail 2 "$source: this source cannot be read"
        return
        ;;
    esac
    [ -e "$store" ] || fail 2 "$store: there is no such store: begin with --from ingest"
    [ "$stages" != evaluate ] || [ -n "${sweep:-}" ] || [ -e "$work_dir/run" ] ||
        fail 2 "$work_dir/run: there is no such run: begin with --from train"
}

# ---- Options -----------------------------------------------------------------------------------

# Each program parses its options, and finds no file: what is wrong with them it says with 2, and what
# is wrong with the files for which it is not the time yet with another code.
nowhere=/dev/null/quern

check_options() {
    for this_stage in $stages; do
        case $this_stage in
        ingest) check_ingest_options ;;
        train) check_train_options "option --train-options" "$train_options" ;;
        evaluate)
            check_program "option --evaluate-options" evaluate "$evaluate_options" "$nowhere/run" \
                "$nowhere/store.h5" --output "$nowhere/evaluation.h5" \
                --report "$nowhere/report.html" --json
            ;;
        esac
    done
}

check_ingest_options() {
    check_program "option --ingest-options" ingest "$ingest_options" \
        ${num_shards:+--shard "1/$num_shards"} ${force:+"$force"} "$nowhere/source" \
        "$nowhere/store.h5"
    # What a walk of some seconds finds in the source, unless these options exclude it.
    run_check ingest "$ingest_options" --dry-run "$nowhere/source"
    [ "$code" -ne 2 ] || return
    report=yes
    run_check ingest "$ingest_options" --dry-run "$source"
    report=
    message=$(first_words "$message" | tail -n 1)
    case $code in
    2 | 65) fail "$code" "$source: $message" ;;
    0) check_advice ;;
    esac
}

# A dry run ends with the command that makes the store: what that needs and was not given would stop
# the job.
check_advice() {
    for needed in valid-fraction size background range; do
        case " $ingest_options" in
        *" --$needed"*) continue ;;
        esac
        case $message in
        *" --$needed "*)
            value=$(printf '%s\n' "$message" | sed "s/.* --$needed \([^ ]*\).*/\1/")
            fail 2 "$source: ingest would stop: give it --$needed, such as" \
                "--ingest-options '--$needed $value' (quern-ingest --dry-run tells more)"
            ;;
        esac
    done
}

# check_train_options PLACE WORDS: against the store and the run, if they are there.
check_train_options() {
    check_program "$1" train "$2" "$nowhere/store.h5" --output "$nowhere/run" --dry-run
    case $stages in
    ingest*) return ;;
    esac
    [ -z "${sweep:-}" ] || return
    # The memory will be that of another machine.
    run_check train "--memory-limit 1024T --verify quick $2" "$store" --output "$work_dir/run" \
        --resume ${force:+"$force"} --dry-run
    case $code in
    2 | 65) fail "$code" "$1: $(first_words "$message")" ;;
    esac
}

# check_program PLACE STAGE WORDS ARGUMENT...
check_program() {
    place=$1
    shift
    run_check "$@"
    [ "$code" -ne 2 ] || fail 2 "$place: $(first_words "$message")"
}

# run_check STAGE WORDS ARGUMENT...: sets `code`, and `message` to what quern-STAGE says.
run_check() {
    name=quern-$1
    words=$(split_words "$2")
    shift 2
    set -f
    IFS=$newline
    # shellcheck disable=SC2086
    set -- "${programs:+$programs/}$name" "$@" $words
    unset IFS
    set +f
    ! command -v timeout >/dev/null || set -- timeout 20 "$@"
    code=0
    if [ -n "${report:-}" ]; then
        message=$("$@" 2>&1 </dev/null) || code=$?
    else
        message=$("$@" 2>&1 >/dev/null </dev/null) || code=$?
    fi
}

# Without the advice to ask a program for its help.
first_words() {
    printf '%s\n' "$1" | sed '/^Try /d'
}
