#!/bin/sh
# Installs what is missing, builds quern and runs its whole test suite, or the tests named.
set -u

program=run.sh
root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd) || exit 74
# shellcheck source=jobs/setup.sh
. "$root/jobs/setup.sh"

usage() {
    cat <<EOF
Usage: tests/run.sh [--quick] [--fuzz-seconds N]
       tests/run.sh [--update] NAME...
       tests/run.sh --list [NAME...]

Without a NAME, on a Debian or Ubuntu machine, as root or with sudo, installs the packages that are
missing, builds quern and runs its tests:
  1. with gcc and the address and undefined behaviour sanitizers, in build/asan;
  2. with clang, warnings as errors, and its thread sanitizer, what is parallel, in build/threads;
  3. with clang's fuzzer, a while each, in build/fuzz;
  4. optimized, in build/release, the job scripts on a real Slurm, which is installed for it, but
     for cases that wait for long; this part is skipped where it cannot be;
  5. optimized, the whole suite.  Its summary comes last.

With NAMEs, builds quern, optimized, in build/release, and runs only the tests whose names begin
with one of them, or match it as a pattern of the shell: unit/test_seal, cli/quern-train/resume,
'cli/*/help_and_version', mpi.  The file of a test names it too: tests/test_seal.c.
tests/README.md tells what kinds of tests there are.

Options:
  --quick              the last part only
  --fuzz-seconds N     for each target (default: 8)
  --list               print the names of the tests, build nothing
  --update             print how the output of these cli/ tests differs from what is expected, and
                       expect it from now on
  --help               print this help and exit

Environment:
  QUERN_MNIST_SAMPLE    the MNIST_SAMPLE archive or the folder it unpacks to
  QUERN_MNIST_PNG       the archive mnist_png.tar.gz, the ten digits
  QUERN_CIFAR10         the archive cifar10_jpeg.tar.gz
Tests on data that is not named are skipped.

Exit status: 0 all passed, 1 a part failed, 2 wrong arguments, 69 packages are missing.
EOF
}

find_python() {
    for candidate in python3 /usr/bin/python3; do
        if "$candidate" -c 'import h5py, numpy' 2>/dev/null; then
            command -v "$candidate"
            return 0
        fi
    done
    setup_say "no python3 has h5py and numpy"
    return 1
}

# ---- The whole suite ---------------------------------------------------------------------------

announce() {
    printf '\n==== %s ====\n' "$*"
}

run_sanitizers() {
    announce "gcc, address and undefined behaviour sanitizers"
    setup_build "$root" asan -DCMAKE_C_COMPILER=gcc -DQUERN_TESTS=ON -DQUERN_PYTHON="$python" &&
        ctest --test-dir "$root/build/asan" -L '^(unit|cli)$' --no-tests=error \
            --output-on-failure --parallel "$num_processors"
}

run_threads() {
    announce "clang, warnings as errors, thread sanitizer"
    "$root/tests/threads/run.sh"
}

run_fuzzers() {
    announce "clang, fuzzers for $fuzz_seconds s each"
    # A test is repeatable: campaigns with other seeds are run by hand.
    "$root/tests/fuzz/run.sh" --seconds "$fuzz_seconds" --seed 1
}

build_release() {
    setup_build "$root" release -DQUERN_TESTS=ON -DQUERN_BENCH=ON -DQUERN_PYTHON="$python"
}

cluster_cases='chain alone threads failing_stage preempted stuck nested refused sweep shards mpi
    mpi_warned singletons'

run_cluster() {
    announce "jobs on a Slurm of four nodes"
    build_release || return
    # The others wait for Slurm most of six minutes: tests/campaigns.sh runs all.
    # shellcheck disable=SC2086
    "$root/tests/cluster/run.sh" $cluster_cases
    code=$?
    # Skipped, which it has said.
    [ "$code" -eq 77 ] || return "$code"
}

run_release() {
    announce "gcc, optimized: the whole suite"
    build_release &&
        ctest --test-dir "$root/build/release" --no-tests=error --output-on-failure \
            --parallel "$num_processors"
}

run_all() {
    # The lists are words to split.
    # shellcheck disable=SC2086
    setup_install $setup_build_packages $setup_test_packages || exit 69
    # The sanitizers' and the fuzzer's runtime: a package of its own on newer systems.
    if apt-cache show libclang-rt-dev >/dev/null 2>&1; then
        setup_install libclang-rt-dev || exit 69
    fi
    # What opens reports in tests/report, where it is a package.
    if apt-cache show chromium >/dev/null 2>&1; then
        setup_install chromium || setup_say "the test of reports in a browser will be skipped"
    fi
    # What tests/bits builds for aarch64 with, on the processors for which there is such a compiler.
    if apt-cache show gcc-aarch64-linux-gnu >/dev/null 2>&1; then
        # shellcheck disable=SC2086
        setup_install $setup_aarch64_packages || exit 69
    fi
    python=$(find_python) || exit 69

    failed=
    if [ "$quick" = no ]; then
        run_sanitizers || failed="$failed sanitizers"
        run_threads || failed="$failed threads"
        run_fuzzers || failed="$failed fuzzers"
        run_cluster || failed="$failed cluster"
    fi
    run_release || failed="$failed release"

    if [ -n "$failed" ]; then
        setup_say "FAILED:$failed"
        exit 1
    fi
}

# ---- Tests by name -----------------------------------------------------------------------------

# list_tests: their names, one a line; configures build/release, builds nothing.
list_tests() {
    # An existing build folder keeps its generator: CMake refuses another one.
    if [ ! -f "$root/build/release/CMakeCache.txt" ] && command -v ninja >/dev/null 2>&1; then
        set -- -G Ninja
    fi
    (cd "$root" && cmake --preset release -DQUERN_TESTS=ON -DQUERN_BENCH=ON "$@") >"$temporary/configured" 2>&1 || {
        cat "$temporary/configured" >&2
        setup_say "tests/run.sh without arguments installs what is missing"
        exit 69
    }
    ctest --test-dir "$root/build/release" --show-only | sed -n 's/^ *Test *#[0-9]*: //p'
}

# match_tests NAME: the tests it names.
match_tests() {
    pattern=${1#./}
    pattern=${pattern#tests/}
    case $pattern in
    test_*.c) pattern=unit/${pattern%.c} ;;
    cli/*.sh | cli/*.out | cli/*.err | cli/*.exit) pattern=${pattern%.*} ;;
    esac
    while read -r test; do
        # The pattern is one.
        # shellcheck disable=SC2254
        case $test in
        $pattern*) echo "$test" ;;
        esac
    done <"$temporary/tests"
}

# print_near NAME: the tests whose names are like it, or hold its last part.
print_near() {
    {
        grep -F -e "${1##*/}" "$temporary/tests"
        python3 - "$1" "$temporary/tests" <<'EOF'
import difflib
import sys

name, path = sys.argv[1:]
with open(path) as file:
    tests = file.read().split()
print(*difflib.get_close_matches(name, tests, n=5, cutoff=0.6), sep="\n")
EOF
    } | grep . | awk '!seen[$0]++' | head -n 8 | sed 's/^/  /' >&2
}

# take_tests NAME...: leaves the names of the tests to run in $temporary/chosen.
take_tests() {
    list_tests >"$temporary/tests" || exit 69
    : >"$temporary/chosen"
    for name in "$@"; do
        match_tests "$name" >"$temporary/matches"
        if [ ! -s "$temporary/matches" ]; then
            setup_say "no test is named $name; --list prints all names; near it are:"
            print_near "$name"
            exit 2
        fi
        cat "$temporary/matches" >>"$temporary/chosen"
    done
    [ $# -gt 0 ] || cp "$temporary/tests" "$temporary/chosen"
    sort -u "$temporary/chosen" -o "$temporary/chosen"
}

update_chosen() {
    if grep -v '^cli/' "$temporary/chosen" >&2; then
        setup_say "only the tests in cli/ have an expected output to update"
        exit 2
    fi
    while read -r test; do
        echo "$test"
        "$root/tests/cli/run_case.sh" --update "$root/build/release/bin" "$root/tests/$test.sh" ||
            setup_say "$test was not updated"
    done <"$temporary/chosen"
}

run_named() {
    temporary=$(mktemp -d) || exit 74
    trap 'rm -rf "$temporary"' EXIT
    trap 'exit 143' HUP INT TERM
    take_tests "$@"
    if [ "$action" = list ]; then
        cat "$temporary/chosen"
        return
    fi
    cmake --build "$root/build/release" --parallel "$num_processors" || exit 1
    if [ "$action" = update ]; then
        update_chosen
        return
    fi
    ctest --test-dir "$root/build/release" --no-tests=error --output-on-failure \
        --parallel "$num_processors" --tests-regex "^($(paste -sd '|' "$temporary/chosen"))\$" || exit 1
}

# ---- Arguments ---------------------------------------------------------------------------------

# refuse MESSAGE: of the arguments.
refuse() {
    setup_say "$*"
    exit 2
}

quick=no fuzz_seconds=8 action=run whole_suite=
num_processors=$(setup_num_processors)
# Options are taken off the front and names kept at the end, in their order.
num_arguments=$#
while [ "$num_arguments" -gt 0 ]; do
    num_arguments=$((num_arguments - 1))
    argument=$1
    shift
    case $argument in
    --fuzz-seconds)
        fuzz_seconds=${1:-}
        case $fuzz_seconds in
        '' | 0* | *[!0-9]*) refuse "--fuzz-seconds needs a number from 1" ;;
        esac
        num_arguments=$((num_arguments - 1))
        shift
        whole_suite=$argument
        ;;
    --quick) quick=yes whole_suite=$argument ;;
    --list) action=list ;;
    --update) action=update ;;
    --help)
        usage
        exit 0
        ;;
    -*) refuse "unknown option $argument (--help lists them)" ;;
    *) set -- "$@" "$argument" ;;
    esac
done
if [ -n "$whole_suite" ] && { [ $# -gt 0 ] || [ "$action" != run ]; }; then
    refuse "$whole_suite is for the whole suite, without names"
fi
if [ "$action" = update ] && [ $# -eq 0 ]; then
    refuse "--update needs the names of the tests to update"
fi

if [ "$action" = run ] && [ $# -eq 0 ]; then
    run_all
else
    run_named "$@"
fi
