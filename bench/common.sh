# Sourced by run.sh and scale.sh: the build to measure, the time of a process, and the machine.
# Needs `root` and `program` set, and jobs/setup.sh sourced.
# shellcheck shell=sh disable=SC2034,SC2154

fail() {
    fail_code=$1
    shift
    setup_say "$*"
    exit "$fail_code"
}

# build_benchmarks BUILD_DIR: builds in build/release where BUILD_DIR is empty.  Sets build_dir,
# programs (the folder of the programs) and benches (that of the benchmarks).
build_benchmarks() {
    if [ -n "$1" ]; then
        build_dir=$(CDPATH='' cd -- "$1" 2>/dev/null && pwd) || fail 2 "$1: no such folder"
    else
        build_dir=$root/build/release
        build_release
    fi
    programs=$build_dir/bin
    benches=$build_dir/bench
    for file in "$benches/stopwatch" "$programs/quern-ingest" "$programs/quern-train"; do
        [ -x "$file" ] || fail 2 "$build_dir: not built with -DQUERN_BENCH=ON: $file is missing"
    done
}

build_release() {
    if command -v dpkg-query >/dev/null 2>&1; then
        # The list is words to split.
        # shellcheck disable=SC2086
        setup_install $setup_build_packages || exit 69
    fi
    set -- -DQUERN_BENCH=ON
    # A folder that somebody works in keeps its tests; a new one needs none.
    [ -f "$build_dir/CMakeCache.txt" ] || set -- "$@" -DQUERN_TESTS=OFF
    setup_say "building"
    mkdir -p -- "$build_dir" || exit 74
    if ! setup_build "$root" release "$@" >"$build_dir/bench-build.log" 2>&1; then
        tail -n 30 -- "$build_dir/bench-build.log" >&2
        fail 1 "the build failed; all of its messages are in $build_dir/bench-build.log"
    fi
}

# make_work_folder PARENT: sets work; it is removed at the end, whatever the end is.  clean_up is
# called first.
make_work_folder() {
    work=
    trap 'clean_up; [ -z "$work" ] || rm -rf -- "$work"' EXIT
    trap 'exit 129' HUP
    trap 'exit 130' INT
    trap 'exit 143' TERM
    work=$(mktemp -d -- "$1/work.XXXXXX") || exit 74
    work=$(CDPATH='' cd -- "$work" && pwd)
}

# run_timed COMMAND...: its seconds and peak memory are then in the file $work/stopwatch.
run_timed() {
    "$benches/stopwatch" "$@" 2>"$work/stderr" >"$work/stopwatch" || {
        cat -- "$work/stderr" >&2
        fail 1 "failed: $*"
    }
}

# stopwatch COMMAND...: prints the seconds that it took.
stopwatch() {
    run_timed "$@"
    cut -f 1 "$work/stopwatch"
}

# load_split STORE: prints the seconds to open and check it and to read the pixels of train into
# new memory, the median of nine times.
load_split() {
    run_timed "$benches/load_split" "$1" "$num_threads" 9 train
    sed -n 's/^verify=full .*open_ms=\([0-9.]*\) read_ms=\([0-9.]*\).*/\1 \2/p' "$work/stderr" |
        awk '{ print ($1 + $2) / 1e3 }'
}

# quern_epoch STORE THREADS BATCH_SIZE: prints the median of twenty epochs of quern-train, by its
# log; shuffling is part of an epoch, validation and checkpoints are not.
quern_epoch() {
    rm -rf -- "$work/run"
    run_timed "$programs/quern-train" "$1" --recipe lesson --output "$work/run" \
        --epochs 20 --checkpoint-every 20 --threads "$2" --batch-size "$3"
    epoch_median "$work/run"
}

# epoch_median RUN_DIR
epoch_median() {
    sed -n '/"event":"epoch"/s/.*"seconds":\([^,}]*\).*/\1/p' "$1/log.jsonl" | median
}

# Of the numbers that it reads.
median() {
    sort -g | awk '{ values[NR] = $1 }
                   END { print (values[int((NR + 1) / 2)] + values[int((NR + 2) / 2)]) / 2 }'
}

describe_machine() {
    awk -F ': *' '/^model name/ { print "# cpu: " $2; exit }' /proc/cpuinfo 2>/dev/null
    echo "# processors: $(setup_num_processors)"
    echo "# kernel: $(uname -sr)"
    # shellcheck source=/dev/null
    (. /etc/os-release && echo "# system: $PRETTY_NAME") 2>/dev/null
    echo "# file system: $(stat -f -c %T -- "$work" 2>/dev/null)"
    echo "# load: $(cut -d ' ' -f 1-3 /proc/loadavg 2>/dev/null)"
    echo "# quern: $("$programs/quern-train" --version | head -n 1)"
    echo "# revision: $(git -C "$root" describe --always --dirty 2>/dev/null)"
    echo "# date: $(date -u +%Y-%m-%dT%H:%M:%SZ)"
}
