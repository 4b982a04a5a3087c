#!/bin/sh
# Builds quern with clang's thread sanitizer and runs what is parallel: unit tests and programs.
#
# gcc's OpenMP runtime hides its locks and barriers from the sanitizer, which then reports races
# everywhere.  LLVM's runtime has a tool, Archer (libarcher.so, part of Debian's libomp), which it
# loads by itself in a program built with the sanitizer, and which tells the sanitizer about
# regions, barriers, locks and tasks.
#
# One suppression: ignore_noninstrumented_modules=1, which Archer asks for.  The runtime, libpng,
# zlib and HDF5 are not built with the sanitizer: what they do to memory among themselves is seen
# in part only (calls such as memcpy and pthread_mutex_lock, but not what orders them), and without
# the option each start of a thread in the runtime is reported.  So a race between two calls of
# one library is not seen; what quern's own code reads and writes is.  The programs below keep
# such calls apart by design: HDF5 is called by one thread, and each thread has its own zlib and
# libpng state.
set -u

program=run.sh
root=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd) || exit 74
here=$root/tests/threads
build=${QUERN_BUILD_THREADS:-$root/build/threads}
num_processors=$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 1)
flags='-O1 -g -fsanitize=thread -fno-omit-frame-pointer'
wrapper=

usage() {
    cat <<EOF
Usage: tests/threads/run.sh [OPTION...]

Builds quern with clang's thread sanitizer in build/threads, warnings as errors, makes sure that a race is reported
and ordered access is not, and runs the unit tests and small runs of every program on 2 and 3
threads.

Options:
  --seeds N       so many rounds of the programs, each on other data (default: 1)
  --help          print this help and exit

Environment:
  QUERN_BUILD_THREADS    another build folder

Exit status: 0 no race, 1 a race or a failed test, 2 wrong arguments, 69 clang's thread sanitizer
or LLVM's OpenMP does not work here.
EOF
}

say() {
    printf '%s: %s\n' "$program" "$*" >&2
}

num_rounds=1
while [ $# -gt 0 ]; do
    case $1 in
    --seeds)
        case ${2:-} in '' | *[!0-9]*) say "--seeds needs a number"; exit 2 ;; esac
        num_rounds=$2
        shift
        ;;
    --help)
        usage
        exit 0
        ;;
    *)
        say "unknown argument $1 (--help lists them)"
        exit 2
        ;;
    esac
    shift
done

temporary=$(mktemp -d) || exit 74
trap 'rm -rf "$temporary"' EXIT
trap 'exit 143' HUP INT TERM
export TSAN_OPTIONS='ignore_noninstrumented_modules=1 exitcode=66'

# ---- Does it see what it should? ---------------------------------------------------------------

# prove NAME CODE FLAG...: the small program, compiled so, must end with this code.
prove() {
    name=$1
    expected=$2
    shift 2
    # shellcheck disable=SC2086
    clang -std=c11 $flags -fopenmp "$@" "$here/shared_sum.c" -o "$temporary/$name" || return 1
    found=0
    # shellcheck disable=SC2086
    $wrapper "$temporary/$name" >"$temporary/$name.log" 2>&1 || found=$?
    [ "$found" -eq "$expected" ] || return 1
    if [ "$expected" -ne 0 ]; then
        grep -q 'ThreadSanitizer: data race' "$temporary/$name.log" || return 1
    fi
}

prove_both() {
    prove ordered 0 && prove racy 66 -DRACY
}

if ! prove_both; then
    # Where the kernel places programs at more random addresses than the sanitizer knows.
    wrapper='setarch -R'
    if ! prove_both; then
        cat "$temporary"/*.log >&2
        say "clang's thread sanitizer and LLVM's OpenMP do not work together here"
        exit 69
    fi
fi
say "a race is reported, ordered access is not"

# ---- Build -------------------------------------------------------------------------------------

if [ ! -f "$build/CMakeCache.txt" ] && command -v ninja >/dev/null; then
    set -- -G Ninja
else
    set --
fi
if ! cmake -S "$root" -B "$build" "$@" -DCMAKE_C_COMPILER=clang -DCMAKE_BUILD_TYPE=Debug \
    "-DCMAKE_C_FLAGS=$flags" -DQUERN_TESTS=ON -DQUERN_BENCH=ON -DQUERN_WERROR=ON \
    >"$temporary/build.log" 2>&1 ||
    ! cmake --build "$build" --parallel "$num_processors" >>"$temporary/build.log" 2>&1; then
    tail -n 30 "$temporary/build.log" >&2
    say "the build failed"
    exit 1
fi

# ---- Run ---------------------------------------------------------------------------------------

num_runs=0
num_failed=0

# check NAME COMMAND...: the command must end well and nothing be reported.
check() {
    name=$1
    shift
    num_runs=$((num_runs + 1))
    code=0
    # shellcheck disable=SC2086
    $wrapper "$@" >"$temporary/log" 2>&1 || code=$?
    if [ "$code" -ne 0 ] || grep -q 'WARNING: ThreadSanitizer' "$temporary/log"; then
        num_failed=$((num_failed + 1))
        say "FAILED: $name (exit code $code)"
        head -n 60 "$temporary/log" >&2
    fi
}

# programs_on NUM_THREADS SEED
programs_on() {
    folder=$temporary/$1-$2
    bin=$build/bin
    set -- --threads "$1" "$2"
    mkdir "$folder"
    check draw "$bin/quern-draw" "$folder/tree" --train 150 --valid 60 --seed "$3" --classes 1,3,7 \
        "$1" "$2"
    check ingest "$bin/quern-ingest" "$folder/tree" "$folder/store.h5" "$1" "$2"
    check ingest-again "$bin/quern-ingest" "$folder/tree" "$folder/store.h5" --verify "$1" "$2"
    check ingest-resize "$bin/quern-ingest" "$folder/tree" "$folder/small.h5" --size 9x9 \
        --channels rgb "$1" "$2"
    : >"$folder/tree/train/3/empty.png"
    check ingest-skip "$bin/quern-ingest" "$folder/tree" "$folder/skip.h5" --skip-bad "$1" "$2"
    check train-many "$bin/quern-train" "$folder/store.h5" --recipe lesson --output "$folder/many" --epochs 3 \
        --batch-size 100 --momentum 0.9 --accumulate 2 --loss cross-entropy "$1" "$2"
    check train-two "$bin/quern-train" "$folder/small.h5" --recipe lesson --output "$folder/two" --epochs 2 \
        --batch-size 64 --shuffle none "$1" "$2"
    check train-network "$bin/quern-train" "$folder/small.h5" --recipe lesson --output "$folder/network" --epochs 2 \
        --layers 'conv:6 norm relu res( norm conv:6 relu ) pool dropout:0.2 dense:70 relu' \
        --batch-size 100 --accumulate 2 --optimizer adam --clip-norm 0.1 --average 0.9 \
        --augment 'photos rotate:9' --input standard --class-weights balanced "$1" "$2"
    check train-mlp "$bin/quern-train" "$folder/store.h5" --recipe lesson --output "$folder/mlp" --epochs 1 \
        --model mlp "$1" "$2"
    check evaluate-network "$bin/quern-evaluate" "$folder/network" "$folder/small.h5" "$1" "$2"
    check train-means "$bin/quern-train" "$folder/store.h5" --recipe lesson --output "$folder/means" \
        --model nearest-mean "$1" "$2"
    check ingest-large "$bin/quern-ingest" "$folder/tree" "$folder/large.h5" --size 128x128 \
        --skip-bad "$1" "$2"
    check train-streamed "$bin/quern-train" "$folder/large.h5" --recipe lesson --output "$folder/streamed" \
        --epochs 3 --batch-size 20 --shuffle window:2 --memory-limit 9M --checkpoint-seconds 1 \
        "$1" "$2"
    check streamed grep -q '"train_in_memory":false' "$folder/streamed/log.jsonl"
    check evaluate-streamed "$bin/quern-evaluate" "$folder/streamed" "$folder/large.h5" \
        --split train --memory-limit 5M "$1" "$2"
    check evaluate "$bin/quern-evaluate" "$folder/many" "$folder/store.h5" \
        --output "$folder/evaluation.h5" "$1" "$2"
    check evaluate-means "$bin/quern-evaluate" "$folder/means" "$folder/store.h5" --split train \
        "$1" "$2"
    check predict "$bin/quern-predict" "$folder/many" "$folder/tree/valid" \
        --csv "$folder/predictions.csv" "$1" "$2"
    check predict-network "$bin/quern-predict" "$folder/mlp" "$folder/tree/valid" \
        --output "$folder/predictions.h5" "$1" "$2"
    rm -rf "$folder"
}

for test in "$build"/tests/test_*; do
    if [ -f "$test" ] && [ -x "$test" ]; then
        check "${test##*/}" "$test"
    fi
done
round=1
while [ "$round" -le "$num_rounds" ]; do
    for num_threads in 2 3; do
        programs_on "$num_threads" "$round"
    done
    round=$((round + 1))
done

say "$num_runs runs under the thread sanitizer, $num_failed failed"
[ "$num_failed" -eq 0 ]
