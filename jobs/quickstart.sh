#!/bin/sh
# From nothing to a table of trained classifiers: installs, builds, makes or takes data, runs.
set -u

program=$(basename -- "$0")
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd) || exit 74
# shellcheck source=jobs/setup.sh
. "$here/setup.sh"
# shellcheck source=jobs/words.sh
. "$here/words.sh"

sample_url=https://s3.amazonaws.com/fast-ai-sample/mnist_sample.tgz
sample_md5=2dbc7ec6f9259b583af0072c55816a88
sample_nbytes=3214948
sample_advice="set QUERN_MNIST_SAMPLE to a local copy, or use drawn digits (without --mnist-sample)"

usage() {
    cat <<EOF
Usage: $program [OPTION...] [OPTION OF quern-ingest...]

On a Debian or Ubuntu machine, as root or with sudo: installs what is missing,
builds quern, draws two thousand handwritten-like 3s and 7s each (or takes
other data), trains four classifiers on them, and prints how well each does.
Run again, it does what is left to do.

Data:
  --data SOURCE        a folder or archive of images, as quern-ingest takes it,
                       such as SOURCE/train/CLASS/*.png and
                       SOURCE/valid/CLASS/*.png
  --mnist-sample       the MNIST_SAMPLE of the fast.ai lesson: downloads
                       $sample_nbytes bytes, or takes the archive or folder that
                       the variable QUERN_MNIST_SAMPLE names
  other options        are given to quern-ingest, which names those that the
                       data need, such as --valid-fraction 0.2 or --size 64x64

Running:
  --train-options 'WORDS'
                       train one more classifier, named own, with these options
                       of quern-train
  --force              make the store and the runs anew, whatever is there
  --work-dir DIR       folder for all that is written (default:
                       quern-quickstart)
  --programs BIN_DIR   the quern programs that are there, instead of installing
                       and building

General:
  --help               print this help and exit

Exit status: 0 done, 1 the build failed, 2 wrong arguments, 65 bad data, 69
packages or a download are missing, 74 cannot write; else that of the stage
that failed.
EOF
}

fail() {
    fail_code=$1
    shift
    setup_say "$*"
    exit "$fail_code"
}

# ---- Programs ----------------------------------------------------------------------------------

get_programs() {
    if [ -n "$programs" ]; then
        :
    elif [ -f "$here/../CMakeLists.txt" ]; then
        build_programs
    else
        programs=$here/../../../bin
    fi
    for name in draw ingest train evaluate predict show; do
        [ -x "$programs/quern-$name" ] || fail 69 "$programs: does not hold quern-$name"
    done
    programs=$(CDPATH='' cd -- "$programs" && pwd)
    pipeline=$here/pipeline.sh
    [ -x "$pipeline" ] || pipeline=$programs/quern-pipeline
}

build_programs() {
    # The list is words to split.
    # shellcheck disable=SC2086
    setup_install $setup_build_packages || exit 69
    root=$(CDPATH='' cd -- "$here/.." && pwd)
    log=$work_dir/build.log
    setup_say "building (two or three minutes; messages in $log)"
    : >"$log" || fail 74 "$log: cannot write"
    watcher=''
    if [ -t 2 ] && [ "${TERM:-dumb}" != dumb ]; then
        watch_build &
        watcher=$!
    fi
    setup_build "$root" release -DQUERN_TESTS=OFF >"$log" 2>&1
    code=$?
    if [ -n "$watcher" ]; then
        kill "$watcher" 2>/dev/null
        wait "$watcher" 2>/dev/null
        printf '\r\033[K' >&2
    fi
    if [ "$code" -ne 0 ]; then
        tail -n 30 -- "$log" >&2
        fail 1 "the build failed; all of its messages are in $log"
    fi
    programs=$root/build/release/bin
}

# How far the build is, by the last line of ninja or make that says so; ends with the script at the
# latest.
watch_build() {
    while kill -0 "$$" 2>/dev/null; do
        sleep 1
        steps=$(sed -n 's,^\[ *\([0-9]*\)/\([0-9]*\)\] .*,\1 of \2 steps,p; s,^\[ *\([0-9]*%\)\] .*,\1,p' "$log" |
            tail -n 1)
        [ -z "$steps" ] || printf '\r\033[K%s: building: %s' "$program" "$steps" >&2
    done
}

# ---- Data --------------------------------------------------------------------------------------

get_data() {
    if [ "$mnist_sample" = yes ]; then
        data=$work_dir/mnist_sample
        [ -d "$data" ] || get_mnist_sample
    elif [ -z "$data" ]; then
        data=$work_dir/digits
        [ -d "$data" ] || draw_digits
    fi
}

# Drawn or unpacked under another name first: a folder under its own name is whole.
draw_digits() {
    setup_say "drawing digits"
    "$programs/quern-draw" "$data.partial" --classes 3,7 --force >/dev/null || exit
    mv -- "$data.partial" "$data" || exit 74
}

get_mnist_sample() {
    sample=${QUERN_MNIST_SAMPLE:-}
    if [ -n "$sample" ] && [ -d "$sample" ]; then
        data=$sample
        return
    fi
    if [ -z "$sample" ]; then
        sample=$work_dir/mnist_sample.tgz
        [ -f "$sample" ] || download_mnist_sample
    fi
    rm -rf -- "$data.partial"
    mkdir -- "$data.partial" || exit 74
    tar -xf "$sample" --no-same-owner -C "$data.partial" ||
        fail 65 "$sample: cannot be unpacked"
    [ -d "$data.partial/mnist_sample/train" ] ||
        fail 65 "$sample: holds no folder mnist_sample/train"
    mv -- "$data.partial/mnist_sample" "$data" || exit 74
    rm -rf -- "$data.partial"
}

download_mnist_sample() {
    setup_say "downloading $sample_url"
    if command -v curl >/dev/null 2>&1; then
        curl --fail --location --silent --show-error --output "$sample.partial" "$sample_url"
    elif command -v wget >/dev/null 2>&1; then
        wget --no-verbose --output-document="$sample.partial" "$sample_url"
    else
        fail 69 "cannot download without curl or wget: install one, or $sample_advice"
    fi || fail 69 "the download failed (its message is above): try again, or $sample_advice"

    # Without arguments the sum is printed without a file name, which may hold anything.
    md5=$(md5sum <"$sample.partial")
    if [ "${md5%% *}" != "$sample_md5" ]; then
        nbytes=$(wc -c <"$sample.partial")
        rm -f -- "$sample.partial"
        fail 65 "what was downloaded is not MNIST_SAMPLE: expected $sample_nbytes bytes with MD5" \
            "$sample_md5, found $nbytes with ${md5%% *}; try again, or $sample_advice"
    fi
    mv -- "$sample.partial" "$sample" || exit 74
}

# ---- Runs and table ----------------------------------------------------------------------------

make_store() {
    run_pipeline "$work_dir" --only ingest --source "$data" ${force:+"$force"} \
        --ingest-options "${classes:+--classes $classes}$ingest_options"
}

# run_model NAME TRAIN_OPTION...
run_model() {
    setup_say "$1"
    run_folder=$work_dir/$1
    shift
    mkdir -p -- "$run_folder" || exit 74
    # The tables of the stages are kept for those who look; here one table says it all.
    run_pipeline "$run_folder" --from train ${force:+"$force"} --train-options "$*" \
        >"$run_folder/output.log"
}

# run_pipeline WORK_DIR OPTION...
run_pipeline() {
    pipeline_work_dir=$1
    shift
    "$pipeline" --programs "$programs" --work-dir "$pipeline_work_dir" \
        --store "$work_dir/store.h5" "$@"
    code=$?
    case $code in
    0) ;;
    2 | 65) fail "$code" "stopped; if $work_dir was used with other data or options before, give" \
        "--force or another --work-dir; an option that the message above names can be given" \
        "here too" ;;
    *) fail "$code" "stopped; run the same command again to go on" ;;
    esac
}

# print_row NAME: a line "NAME mean seconds [CLASS accuracy]...", separated by tabs.
print_row() {
    awk -v name="$1" '
        # The time of all epochs of the newest start of the run.
        FILENAME ~ /log\.jsonl$/ {
            if (/"event":"start"/ && /"epochs_done":0[,}]/) seconds = 0
            if (/"event":"epoch"/ && match($0, /"seconds":[0-9.eE+-]+/))
                seconds += substr($0, RSTART + 10, RLENGTH - 10)
            next
        }
        function value(text, key) {
            if (!match(text, "\"" key "\":[0-9.eE+-]+")) return "-"
            return sprintf("%.4f", substr(text, RSTART + length(key) + 3))
        }
        {
            time = seconds < 0.1 ? sprintf("%.1f ms", seconds * 1000) : sprintf("%.2f s", seconds)
            printf "%s\t%s\t%s", name, value($0, "mean_class_accuracy"), time
            sub(/.*"classes":\[/, "")
            while (match($0, /^,?\{"name":"([^"\\]|\\.)*"[^}]*\}/)) {
                entry = substr($0, 1, RLENGTH)
                $0 = substr($0, RLENGTH + 1)
                accuracy = value(entry, "accuracy")
                sub(/^,?\{"name":"/, "", entry)
                match(entry, /^([^"\\]|\\.)*/)
                printf "\t%s\t%s", substr(entry, 1, RLENGTH), accuracy
            }
            printf "\n"
        }' "$work_dir/$1/run/log.jsonl" "$work_dir/$1/evaluation.json"
}

# More classes than fit are left to the files.
print_table() {
    for name in $models; do
        print_row "$name"
    done | awk -F '\t' '
        NR == 1 {
            num_classes = (NF - 3) / 2
            if (num_classes > 6) num_classes = 0
            printf "\n%-16s", "accuracy of"
            for (c = 0; c < num_classes; c++) printf "  %9s", $(4 + 2 * c)
            printf "  %9s  %13s\n", "mean", "training time"
        }
        {
            printf "%-16s", $1
            for (c = 0; c < num_classes; c++) printf "  %9s", $(5 + 2 * c)
            printf "  %9s  %13s\n", $2, $3
        }'
}

print_next() {
    cat <<EOF

"mean" is the mean of the class accuracies on the split valid.

The files are in $work_dir:
  store.h5                    images and labels
  MODEL/run/epoch-NNNN.h5     checkpoints, with log.jsonl
  MODEL/report.html           the run as a page: open it in a browser
  MODEL/evaluation.h5, .json  the figures above and those of each image
  MODEL/output.log            what the stages printed
where MODEL is nearest-mean-l1, nearest-mean-l2, linear (the lesson's),
network (what quern-train chooses by itself) or own (--train-options).
The images are in $data.

Try next:
EOF
    print_next_command "$programs/quern-show" "$work_dir/store.h5" --grid 4x8
    print_next_command "$programs/quern-evaluate" "$work_dir/network/run" "$work_dir/store.h5" --select best
    print_next_command "$programs/quern-predict" "$work_dir/network/run" "$data" --csv \
        "$work_dir/predictions.csv"
    # The words of the lesson are options.
    # shellcheck disable=SC2086
    print_next_command "$programs/quern-train" "$work_dir/store.h5" --output "$work_dir/longer" $lesson \
        --epochs 100
    print_next_command "$pipeline" --help
}

# print_next_command WORD...: as a shell takes it; on a terminal, between words on further lines.
print_next_command() {
    columns=''
    if [ -t 1 ]; then
        columns=$(stty size <&1 2>/dev/null | sed -n 's/^[0-9]* \([1-9][0-9]*\)$/\1/p')
        columns=${columns:-80}
    fi
    line=' '
    for word in "$@"; do
        word=$(quote_word "$word")
        if [ -n "$columns" ] && [ "$line" != ' ' ] && [ $((${#line} + ${#word} + 4)) -gt "$columns" ]; then
            printf '%s \\\n' "$line"
            line='     '
        fi
        line="$line $word"
    done
    printf '%s\n' "$line"
}

# ---- Arguments ---------------------------------------------------------------------------------

# take_foreign WORD [NEXT]: an option for quern-ingest, and its value if the next word is no option.
take_foreign() {
    ingest_options="$ingest_options $(quote_word "$1")"
    num_words=1
    case ${2:--} in
    -*) ;;
    *)
        ingest_options="$ingest_options $(quote_word "$2")"
        num_words=2
        ;;
    esac
}

# By the program itself, which finds no source: it ends with 2 only if an option is wrong.
check_foreign() {
    [ -n "$ingest_options" ] || return
    words=$(split_words "$ingest_options")
    set -f
    IFS=$newline
    # shellcheck disable=SC2086
    set -- $words
    unset IFS
    set +f
    message=$("$programs/quern-ingest" /dev/null/source /dev/null/store.h5 "$@" 2>&1 >/dev/null)
    [ $? -ne 2 ] || fail 2 "neither an option of this script (--help lists them), nor one of" \
        "$(printf '%s\n' "$message" | sed '/^Try /d')"
}

newline='
'
work_dir=quern-quickstart programs='' data='' mnist_sample=no classes='' force='' ingest_options=''
train_options='' models='nearest-mean-l1 nearest-mean-l2 linear network'
# Options of quern-train for what the lesson trains.
lesson='--recipe lesson'
while [ $# -gt 0 ]; do
    case $1 in
    --data=* | --work-dir=* | --programs=* | --train-options=*)
        option=${1%%=*} value=${1#*=}
        shift
        set -- "$option" "$value" "$@"
        ;;
    esac
    case $1 in
    --help)
        usage
        exit 0
        ;;
    --mnist-sample) mnist_sample=yes ;;
    --force) force=--force ;;
    --data | --work-dir | --programs | --train-options)
        [ -n "${2:-}" ] || fail 2 "option $1 needs a value"
        case $1 in
        --data) data=$2 ;;
        --work-dir) work_dir=$2 ;;
        --programs) programs=$2 ;;
        --train-options) train_options=$2 ;;
        esac
        shift
        ;;
    --?*)
        take_foreign "$@"
        [ "$num_words" -eq 1 ] || shift
        ;;
    *) fail 2 "unknown argument $1 (--help lists them)" ;;
    esac
    shift
done
if [ -n "$data" ]; then
    [ "$mnist_sample" = no ] || fail 2 "--data and --mnist-sample exclude each other"
    [ -e "$data" ] || fail 2 "$data: no such folder or archive"
else
    # The lesson's order: 7 is class 0, 3 is class 1.
    classes=7,3
fi
case $work_dir in /* | ./* | ../*) ;; *) work_dir=./$work_dir ;; esac
mkdir -p -- "$work_dir" || fail 74 "$work_dir: cannot make the work folder"

get_programs
check_foreign
get_data
make_store
run_model nearest-mean-l1 --model nearest-mean --distance l1
run_model nearest-mean-l2 --model nearest-mean --distance l2
run_model linear "$lesson"
run_model network
if [ -n "$train_options" ]; then
    models="$models own"
    run_model own "$train_options"
fi
print_table
print_next
