#!/bin/sh
# What the programs do when a call of theirs to the system fails, or the disk is full.
#
#   run.sh [OPTION...] calls|memory|file_limit|full_disk INJECTOR BIN
#
# BIN is the folder of the programs, INJECTOR the library of fault_injector.c.  In the normal test
# run, ctest -L faults, a sample of the calls fails.  The full campaign, each call of each stage:
#
#   cmake --build --preset release && cmake --build --preset asan
#   for build in release asan; do
#       for part in calls memory file_limit full_disk; do
#           tests/faults/run.sh --full $part build/$build/tests/faults/libquern_fault_injector.so \
#               build/$build/bin
#       done
#   done
#
# Options:
#   --full            every call, not a sample
#   --sample N        at most N calls of each function and stage (default: 3, or
#                     15 in the part memory)
#   --stages "A ..."  these stages only, of those in the list below
#   --functions "A ..."  these functions only, as fault_injector.c names them
#   --keep-going      report all failures, not the first 20
#
# A stage is a command in a state: with nothing at its output, or with an older output there.  For
# every fault, this must hold:
#   - the program ends with 0 and the undisturbed output, or with 70 or 74 (65 for a source image
#     that cannot be read, with its name), never by a signal or with a sanitizer's report;
#   - when it fails, it says on stderr what failed and why;
#   - each file under a final name is whole: the undisturbed one or the one from before;
#   - the same command without a fault then leaves exactly the undisturbed files.
# Only when HDF5 or libarchive itself gets no memory, how the program ends is counted and not judged.
# Exit status: 0 all held, 1 some did not, 2 wrong arguments, 77 cannot run here.
# shellcheck disable=SC2317  # functions are called by name
set -u
LC_ALL=C
export LC_ALL

sample=3
stages='draw draw-over ingest ingest-over archive shard merge train train-over
    train-resume train-stream means evaluate evaluate-over evaluate-stream predict predict-h5 show'
functions=
max_failures=20

usage() {
    sed -n '2,/^# shellcheck/{/^# shellcheck/d;s/^# \{0,1\}//;p;}' "$0"
}

while [ $# -gt 0 ]; do
    case $1 in
    --full) sample=1000000000 ;;
    --sample)
        sample=$2
        shift
        ;;
    --stages)
        stages=$2
        shift
        ;;
    --functions)
        functions=$2
        shift
        ;;
    --keep-going) max_failures=1000000000 ;;
    --help)
        usage
        exit 0
        ;;
    *) break ;;
    esac
    shift
done
[ $# -eq 3 ] || {
    usage >&2
    exit 2
}
part=$1
injector=$(readlink -f -- "$2")
bin=$(readlink -f -- "$3")
if ! [ -f "$injector" ] || ! [ -x "$bin/quern-train" ]; then
    echo "run.sh: no such injector or folder: $2 $3" >&2
    exit 2
fi

root=$(mktemp -d) || exit 1
mounted=
clean_up() {
    cd /
    [ -z "$mounted" ] || umount "$mounted"
    rm -rf "$root"
}
trap clean_up EXIT
trap 'exit 1' HUP INT TERM
cd "$root" || exit 1

# The injector stands before the sanitizer's library, which would complain.  A report ends with 99.
# HDF5 1.10 leaks some of its own structures when it cannot read them; to see that they are its own,
# stacks are followed through it.  What of HDF5's we leave open is counted in other tests.
ASAN_OPTIONS=verify_asan_link_order=0:exitcode=99:allocator_may_return_null=1
ASAN_OPTIONS=$ASAN_OPTIONS:fast_unwind_on_malloc=0
echo 'leak:libhdf5' >suppressions
LSAN_OPTIONS=suppressions=$root/suppressions:print_suppressions=0
UBSAN_OPTIONS=print_stacktrace=1
OMP_NUM_THREADS=1
export ASAN_OPTIONS LSAN_OPTIONS UBSAN_OPTIONS OMP_NUM_THREADS

num_tried=0
num_unfired=0
num_failures=0
num_unjudged=0

# ---- stages ----

# One thread, so that the n-th call is the same one each time.
run_stage() {
    case $1 in
    draw | draw-over)
        "$bin/quern-draw" tree --train 2 --valid 1 --size 8x8 --threads 1 --force
        ;;
    ingest | ingest-over) "$bin/quern-ingest" ../tree store.h5 --threads 1 ;;
    archive) "$bin/quern-ingest" ../tree.tar.gz store.h5 --threads 1 ;;
    shard) "$bin/quern-ingest" ../tree shard.h5 --shard 2/2 --threads 1 ;;
    merge) "$bin/quern-ingest" --merge store.h5 ../shard1.h5 ../shard2.h5 --threads 1 ;;
    train) "$bin/quern-train" ../store.h5 --recipe lesson --output run --epochs 2 --momentum 0.5 --threads 1 ;;
    train-over)
        "$bin/quern-train" ../store.h5 --recipe lesson --output run --epochs 2 --momentum 0.5 --threads 1 --force
        ;;
    train-resume)
        "$bin/quern-train" ../store.h5 --recipe lesson --output run --epochs 2 --momentum 0.5 --threads 1 --resume
        ;;
    train-stream)
        "$bin/quern-train" ../large.h5 --recipe lesson --output run --epochs 1 --shuffle window:1 --threads 1 \
            --memory-limit 6M
        ;;
    means) "$bin/quern-train" ../store.h5 --recipe lesson --output run --model nearest-mean --threads 1 ;;
    evaluate | evaluate-over)
        "$bin/quern-evaluate" ../run ../store.h5 --output evaluation.h5 --threads 1
        ;;
    evaluate-stream)
        "$bin/quern-evaluate" ../large-run ../large.h5 --split train --output evaluation.h5 \
            --threads 1 --memory-limit 2M
        ;;
    predict) "$bin/quern-predict" ../run ../tree.tar.gz --threads 1 --csv predictions.csv ;;
    show) "$bin/quern-show" ../store.h5 --grid 2x2 --png grid.png --threads 1 ;;
    predict-h5) "$bin/quern-predict" ../run ../tree/train --threads 1 --output predictions.h5 ;;
    *)
        echo "run.sh: unknown stage $1" >&2
        exit 2
        ;;
    esac
}

# What stands at the output before: nothing, or an older one.
make_initial() {
    mkdir initial && cd initial || exit 1
    case $1 in
    draw-over) "$bin/quern-draw" tree --train 2 --valid 1 --size 8x8 --seed 2 ;;
    ingest-over) "$bin/quern-ingest" ../tree store.h5 --classes 7,3 ;;
    train-over)
        "$bin/quern-train" ../store.h5 --recipe lesson --output run --epochs 1 --seed 2
        ;;
    train-resume)
        "$bin/quern-train" ../store.h5 --recipe lesson --output run --epochs 2 --momentum 0.5 --threads 1 &&
            rm run/epoch-0002.h5
        ;;
    evaluate-over) "$bin/quern-evaluate" ../run ../store.h5 --split train --output evaluation.h5 ;;
    esac >../initial.log 2>&1 || {
        echo "run.sh: $1: cannot make the older output" >&2
        cat ../initial.log >&2
        exit 1
    }
    cd ..
}

# Files that a failing stage may remove: those that it was told to replace one by one.
may_remove() {
    case $1 in
    draw-over | train-over) return 0 ;;
    *) return 1 ;;
    esac
}

cause_of() {
    case $1 in
    EACCES) echo 'Permission denied' ;;
    EDQUOT) echo 'Disk quota exceeded' ;;
    EFBIG) echo 'File too large' ;;
    EIO) echo 'Input/output error' ;;
    EMFILE) echo 'Too many open files' ;;
    ENOLCK) echo 'No locks available' ;;
    ENOSPC) echo 'No space left on device' ;;
    *) echo '' ;;
    esac
}

# What each function fails with, one campaign each.
errnos_of() {
    case $1 in
    open) echo 'EMFILE EIO' ;;
    read | pread) echo 'EIO EINTR short' ;;
    write | pwrite) echo 'ENOSPC EDQUOT EINTR short' ;;
    truncate) echo 'ENOSPC' ;;
    lock) echo 'ENOLCK' ;;
    malloc) echo 'ENOMEM' ;;
    *) echo 'EIO' ;;
    esac
}

# ---- checks ----

# complain WHAT: about the fault in $fault, once.
complain() {
    [ "$has_failed" = no ] || return
    has_failed=yes
    num_failures=$((num_failures + 1))
    printf 'FAILED: %s: %s\n' "$fault" "$1"
    [ ! -s report ] || sed "s|^|    |;s|$root/||g" report
    printf '    exit code %s, %s\n' "$code" "$(tail -n 5 stderr | cut -c 1-400)"
    if [ "$num_failures" -ge "$max_failures" ]; then
        echo "run.sh: more than enough failures"
        exit 1
    fi
}

# Prints the files below the folder $1, without the log, which holds times.
list_files() {
    (cd "$1" && find . -type f ! -name log.jsonl | sort)
}

# same_files STAGE: the output is the undisturbed one, apart from the log.  A training may go on
# without a checkpoint that is not its last, with a warning.
same_files() {
    diff -r -x log.jsonl expected work >differences 2>&1 && return 0
    case $1 in
    train*)
        sed -i '/^Only in expected\/run: epoch-000[01]\.h5$/d' differences
        check_message
        [ ! -s differences ]
        ;;
    *) return 1 ;;
    esac
}

# HDF5 promises nothing when it has no memory, nor does libarchive: they may crash, or take it for
# damage, but not harm a file.
inside='inside (HDF5|libarchive)'
is_without_promise() {
    [ "$errno" = ENOMEM ] && [ "$code" -ne 0 ] && grep -Eq "$inside" report
}

# An image that cannot be read keeps its row of a table, which has the reason; the rest is as expected.
is_table_with_reasons() {
    [ "$code" -ne 0 ] && grep -q 'the table has the reasons' stderr || return 1
    case $1 in
    *.csv)
        [ "$(wc -l <"work/$1")" -eq "$(wc -l <"expected/$1")" ] &&
            ! grep -vxF -f "expected/$1" "work/$1" | grep -q ",$(printf '\r')\$"
        ;;
    *predictions.h5) ;; # compressed: the CSV file stands for it
    *) return 1 ;;
    esac
}

# best.h5 is of whichever epoch was the best when the run ended.
is_earlier_best() {
    [ "${1##*/}" = best.h5 ] || return 1
    for epoch in "expected/${1%/*}"/epoch-*.h5; do
        ! cmp -s "work/$1" "$epoch" || return 0
    done
    return 1
}

# Every file is the undisturbed or the older one, but for one temporary file.
check_files() {
    num_temporary=0
    for file in $(list_files work); do
        case $file in
        */.*.partial*)
            num_temporary=$((num_temporary + 1))
            continue
            ;;
        esac
        cmp -s "work/$file" "expected/$file" || cmp -s "work/$file" "initial/$file" ||
            is_table_with_reasons "$file" || is_earlier_best "$file" ||
            complain "$file is neither the old nor the new one"
    done
    [ "$num_temporary" -le 1 ] || complain "more than one temporary file is left"
    may_remove "$1" && return
    for file in $(list_files initial); do
        [ -f "work/$file" ] || complain "the older $file is lost"
    done
}

# A message from the program, with a cause and a name for what is known to have them.  HDF5 does not
# always say that it was memory it had none of.
check_message() {
    cause=$(cause_of "$errno")
    if ! grep -q '^quern-[a-z]*: .' stderr; then
        complain "no message"
    elif [ -n "$cause" ] && ! grep -q "$cause" stderr; then
        complain "the message does not say: $cause"
    elif [ "$errno" != ENOMEM ] && ! grep -Eq '(tree|store|large|shard|run|evaluation|\.png|output)' stderr; then
        complain "the message names no file"
    elif [ "$errno" = ENOMEM ] && ! grep -Eq "$inside" report &&
        ! grep -Eiq 'memory|alloc' stderr; then
        complain "the message does not speak of memory"
    fi
}

check_exit() {
    if is_without_promise; then
        case $code in
        70) ;;
        *) num_unjudged=$((num_unjudged + 1)) ;;
        esac
        return
    fi
    if grep -Eq 'Sanitizer|runtime error:' stderr; then
        complain "a sanitizer's report: $(grep -Em1 'Sanitizer|runtime error:' stderr)"
        return
    fi
    case $code in
    0) same_files "$1" || complain "it says that all is well: $(head -n 1 differences)" ;;
    70 | 74) check_message ;;
    65)
        case $1 in
        ingest* | predict*)
            check_message
            grep -q '\.png' stderr || complain "the fault is taken for bad data"
            ;;
        *) complain "the fault is taken for bad data" ;;
        esac
        ;;
    *) complain "ended with $code" ;;
    esac
    # Interrupted and partial transfers are no failures.
    case $errno in
    EINTR | short) [ "$code" -eq 0 ] || complain "$errno is not an error" ;;
    esac
    # Nor is it all well when nothing could be printed.
    if [ "$code" -eq 0 ] && ! cmp -s stdout.expected stdout; then
        case $1 in
        evaluate*) complain "it says that all is well, and prints other results" ;;
        esac
    fi
}

check_rerun() {
    (cd work && run_stage "$1") >rerun.log 2>&1 || {
        code=$?
        cp rerun.log stderr
        complain "the rerun without a fault ended with $code"
        return
    }
    same_files "$1" || complain "after the rerun: $(head -n 1 differences)"
}

# Puts the initial state into the folder work, which may be a file system of its own.
restore() {
    mkdir -p work
    find work -mindepth 1 -delete
    cp -a initial/. work
}

# try_fault STAGE FUNCTION NUMBER ERRNO
try_fault() {
    errno=$4
    fault="$1, $2 number $3 fails with $4"
    has_failed=no
    restore
    : >report
    code=0
    (
        cd work || exit 1
        QUERN_FAULT_FUNCTION=$2
        QUERN_FAULT_NUMBER=$3
        QUERN_FAULT_ERRNO=$4
        QUERN_FAULT_REPORT=$root/report
        export QUERN_FAULT_FUNCTION QUERN_FAULT_NUMBER QUERN_FAULT_ERRNO QUERN_FAULT_REPORT
        LD_PRELOAD=$injector run_stage "$1"
    ) >stdout 2>stderr || code=$?
    num_tried=$((num_tried + 1))
    [ -s report ] || num_unfired=$((num_unfired + 1))
    check_exit "$1"
    check_files "$1"
    check_rerun "$1"
}

# ---- campaigns ----

prepare() {
    "$bin/quern-draw" tree --train 2 --valid 1 --size 8x8 &&
        tar -czf tree.tar.gz tree &&
        "$bin/quern-ingest" tree store.h5 &&
        "$bin/quern-ingest" tree shard1.h5 --shard 1/2 &&
        "$bin/quern-ingest" tree shard2.h5 --shard 2/2 &&
        "$bin/quern-train" store.h5 --recipe lesson --output run --epochs 2 &&
        case $stages in *-stream*) prepare_large ;; esac
}

# More images than the limits of the stages that stream leave room for.
prepare_large() {
    "$bin/quern-draw" large --train 800 --valid 10 --size 64x64 &&
        "$bin/quern-ingest" large large.h5 &&
        "$bin/quern-train" large.h5 --recipe lesson --output large-run --epochs 1 &&
        rm -r large
}

# Leaves initial and expected, and in counts how often each function is called.
prepare_stage() {
    rm -rf initial expected counts
    make_initial "$1"
    restore
    (
        cd work || exit 1
        QUERN_FAULT_REPORT=$root/counts
        export QUERN_FAULT_REPORT
        LD_PRELOAD=$injector run_stage "$1"
    ) >stdout.expected 2>stderr || {
        echo "run.sh: $1 fails without a fault:" >&2
        cat stderr >&2
        exit 1
    }
    cp -a work expected
    [ -s counts ] || {
        echo "run.sh: the injector counts nothing" >&2
        exit 1
    }
}

# fail_calls STAGE FUNCTION COUNT: a sample of the calls, spread from the first to the last.
fail_calls() {
    num_samples=$(($3 < sample ? $3 : sample))
    for errno_name in $(errnos_of "$2"); do
        i=0
        while [ "$i" -lt "$num_samples" ]; do
            number=$((num_samples > 1 ? 1 + i * ($3 - 1) / (num_samples - 1) : 1))
            try_fault "$1" "$2" "$number" "$errno_name"
            i=$((i + 1))
        done
    done
}

run_calls() {
    for stage in $stages; do
        prepare_stage "$stage"
        while read -r function count <&3; do
            case " $functions " in
            *" $function "*) [ "$count" -eq 0 ] || fail_calls "$stage" "$function" "$count" ;;
            esac
        done 3<counts
    done
}

# try_limit STAGE BLOCKS: no file may grow beyond this many blocks of 512 bytes.  What is printed
# goes through a pipe, which has no limit.
try_limit() {
    errno=EFBIG
    fault="$1, files limited to $2 blocks"
    has_failed=no
    restore
    {
        (
            cd work || exit 1
            ulimit -f "$2"
            run_stage "$1"
        ) 2>&1
        echo "code $?"
    } | cat >output
    check_output "$1"
}

# try_disk STAGE PAGES: a disk with this much room left.
try_disk() {
    errno=ENOSPC
    fault="$1, a disk with room for $2 pages"
    has_failed=no
    restore
    available=$(df -k --output=avail work | tail -n 1)
    head -c "$((available - $2 * 4))k" /dev/zero >work/.ballast
    {
        (
            cd work || exit 1
            run_stage "$1"
        ) 2>&1
        echo "code $?"
    } | cat >output
    rm work/.ballast
    check_output "$1"
}

check_output() {
    num_tried=$((num_tried + 1))
    code=$(sed -n '$s/^code //p' output)
    sed '$d' output >stderr
    cp stdout.expected stdout
    check_exit "$1"
    check_files "$1"
    check_rerun "$1"
}

# try_room TRY: each stage with no room, a little, ... until it has enough.
try_room() {
    for stage in $stages; do
        prepare_stage "$stage"
        room=0
        code=1
        while [ "$code" -ne 0 ] && [ "$room" -le 4096 ]; do
            "$1" "$stage" "$room"
            room=$((sample >= 1000000000 || room < 4 ? room + 1 : room * 3 / 2))
        done
    done
}

run_full_disk() {
    mkdir -p work
    mount -t tmpfs -o size=2m none work 2>/dev/null || {
        echo "run.sh: a small file system cannot be mounted here: skipped"
        exit 77
    }
    mounted=$root/work
    try_room try_disk
}

finish() {
    [ "$part" != memory ] ||
        echo "memory: HDF5 or libarchive crashed or gave no reason $num_unjudged times when they had none"
    echo "$part: $num_tried faults tried, $num_unfired of them not reached, $num_failures failures"
    [ "$num_tried" -gt 0 ] && [ "$num_unfired" -eq 0 ] && [ "$num_failures" -eq 0 ]
    exit
}

prepare >prepare.log 2>&1 || {
    echo "run.sh: cannot make the sample data" >&2
    cat prepare.log >&2
    exit 1
}
case $part in
calls)
    : "${functions:=open read pread write pwrite fsync rename close truncate stat lock folder}"
    run_calls
    ;;
memory)
    : "${functions:=malloc}"
    [ "$sample" -ne 3 ] || sample=15
    run_calls
    ;;
file_limit) try_room try_limit ;;
full_disk) run_full_disk ;;
*)
    echo "run.sh: no such part: $part" >&2
    exit 2
    ;;
esac
finish
