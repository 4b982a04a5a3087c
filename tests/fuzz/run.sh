#!/bin/sh
# Builds the fuzz targets with clang, libFuzzer and the address and undefined behaviour sanitizers,
# and runs each for a while, as many at a time as there are processors.
#
# Usage: tests/fuzz/run.sh [--seconds N] [--seed N] [--build DIR] [TARGET...]
#
#   --seconds N    for each target, 60 by default
#   --seed N       of the mutations, so that a run can be repeated; another each time by default
#   --build DIR    the build folder, build/fuzz by default; inputs found are kept there
#   TARGET         the NAME of a fuzz_NAME.c beside this script; all by default
#
# Exit status: 0 nothing found, 1 something found (its input is named), 2 wrong arguments, 70 the
# build failed, 77 clang or its libFuzzer is missing.
set -u

root=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd) || exit 70
all_targets=
for file in "$root"/tests/fuzz/fuzz_*.c; do
    target=${file##*/fuzz_}
    all_targets="$all_targets ${target%.c}"
done
build=$root/build/fuzz
seconds=60
seed=0
targets=
while [ $# -gt 0 ]; do
    case $1 in
    --seconds | --seed | --build)
        [ $# -ge 2 ] || { echo "run.sh: $1 needs a value" >&2; exit 2; }
        case $1 in
        --seconds) seconds=$2 ;;
        --seed) seed=$2 ;;
        *) build=$2 ;;
        esac
        shift
        ;;
    --help)
        sed -n '2,/^[^#]/s/^# \{0,1\}//p' "$0"
        exit 0
        ;;
    *)
        case "$all_targets " in
        *" $1 "*) targets="$targets $1" ;;
        *)
            echo "run.sh: unknown argument $1; the targets are$all_targets" >&2
            exit 2
            ;;
        esac
        ;;
    esac
    shift
done
case $seed in
'' | *[!0-9]*)
    echo "run.sh: --seed: expected a number, found '$seed'" >&2
    exit 2
    ;;
esac
case $seconds in
'' | 0* | *[!0-9]*)
    echo "run.sh: --seconds: expected a number from 1, found '$seconds'" >&2
    exit 2
    ;;
esac
: "${targets:=$all_targets}"

if ! echo 'int LLVMFuzzerTestOneInput(const char *b, unsigned long n);
int LLVMFuzzerTestOneInput(const char *b, unsigned long n) { return b && n ? 0 : 0; }' |
    clang -x c -fsanitize=fuzzer,address,undefined -o /dev/null - 2>/dev/null; then
    echo "run.sh: skipped: clang with libFuzzer is not here" >&2
    exit 77
fi
flags='-O1 -g -fno-omit-frame-pointer -fsanitize=fuzzer-no-link,address,undefined
    -fno-sanitize-recover=undefined'
flags=$(echo "$flags" | tr -s '\n ' '  ')
cmake -S "$root" -B "$build" -DCMAKE_C_COMPILER=clang -DCMAKE_BUILD_TYPE=None \
    -DCMAKE_C_FLAGS="$flags" -DQUERN_FUZZ=ON || exit 70
num_lanes=$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 1)
cmake --build "$build" --target fuzzers --parallel "$num_lanes" || exit 70
bin=$build/tests/fuzz
"$bin/make_corpus" "$bin/corpus" || exit 70

fuzz_target() {
    # What was found interesting before is kept beside the corpus, and begun with.
    mkdir -p "$bin/grown/$1" "$bin/found"
    rm -f "$bin/$1.failed"
    max_nbytes=4096
    if [ "$1" = archive ]; then
        max_nbytes=16384 # a tar of a few members, whole
    fi
    if ! "$bin/fuzz_$1" -max_total_time="$seconds" -seed="$seed" -timeout=60 -rss_limit_mb=4096 \
        -malloc_limit_mb=1024 -max_len=$max_nbytes -print_final_stats=1 \
        -artifact_prefix="$bin/found/$1-" \
        "$bin/grown/$1" "$bin/corpus/fuzz_$1" >"$bin/$1.log" 2>&1; then
        : >"$bin/$1.failed"
    fi
    printf '%-12s %s executions, %s inputs kept\n' "$1" \
        "$(sed -n 's/^stat::number_of_executed_units: *//p' "$bin/$1.log" | tail -n 1)" \
        "$(find "$bin/grown/$1" -type f | wc -l)"
}

# fuzz_lane N: the targets number N, N + num_lanes, ..., one after another.
fuzz_lane() {
    index=0
    for target in $targets; do
        if [ $((index % num_lanes)) -eq "$1" ]; then
            fuzz_target "$target"
        fi
        index=$((index + 1))
    done
}

lane=0
while [ "$lane" -lt "$num_lanes" ]; do
    fuzz_lane "$lane" &
    lane=$((lane + 1))
done
wait

found=
for target in $targets; do
    if [ -e "$bin/$target.failed" ]; then
        found="$found $target"
        tail -n 60 "$bin/$target.log"
    fi
done
if [ -n "$found" ]; then
    echo "run.sh: FOUND something in:$found; the inputs are in $bin/found" >&2
    exit 1
fi
