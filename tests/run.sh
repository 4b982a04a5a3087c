#!/bin/sh
# Installs what is missing, builds quern and runs its whole test suite.
set -u

program=run.sh
root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd) || exit 74
# shellcheck source=jobs/setup.sh
. "$root/jobs/setup.sh"

usage() {
    cat <<EOF
Usage: tests/run.sh [OPTION...]

On a Debian or Ubuntu machine, as root or with sudo, installs the packages that are missing,
builds quern and runs its tests:
  1. with gcc and the address and undefined behaviour sanitizers, in build/asan;
  2. with clang, warnings as errors, built only, in build/clang;
  3. with clang's thread sanitizer, what is parallel, in build/threads;
  4. with clang's fuzzer, a while each, in build/fuzz;
  5. optimized, in build/release, the job scripts on a real Slurm, which is installed for it; this
     part is skipped where it cannot be;
  6. optimized, the whole suite.  Its summary comes last.

Options:
  --quick              the last part only
  --fuzz-seconds N     for each target (default: 60)
  --help          print this help and exit

Environment:
  QUERN_MNIST_SAMPLE    the MNIST_SAMPLE archive or the folder it unpacks to; the tests on it are
                        skipped without

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

announce() {
    printf '\n==== %s ====\n' "$*"
}

run_sanitizers() {
    announce "gcc, address and undefined behaviour sanitizers"
    setup_build "$root" asan -DCMAKE_C_COMPILER=gcc -DQUERN_TESTS=ON -DQUERN_PYTHON="$python" &&
        ctest --test-dir "$root/build/asan" -L '^(unit|cli)$' --no-tests=error \
            --output-on-failure --parallel "$num_processors"
}

run_clang() {
    announce "clang, warnings as errors"
    # Not a preset of its own: release with another compiler, in another folder.
    cmake -S "$root" -B "$root/build/clang" -G Ninja -DCMAKE_BUILD_TYPE=Release \
        -DCMAKE_C_COMPILER=clang -DQUERN_TESTS=ON -DQUERN_BENCH=ON -DQUERN_WERROR=ON &&
        cmake --build "$root/build/clang" --parallel "$num_processors"
}

run_threads() {
    announce "clang, thread sanitizer"
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

run_cluster() {
    announce "jobs on a Slurm of four nodes"
    build_release || return
    "$root/tests/cluster/run.sh"
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

quick=no fuzz_seconds=60
while [ $# -gt 0 ]; do
    case $1 in
    --fuzz-seconds)
        fuzz_seconds=${2:-}
        case $fuzz_seconds in
        '' | 0* | *[!0-9]*)
            setup_say "--fuzz-seconds needs a number from 1"
            exit 2
            ;;
        esac
        shift
        ;;
    --quick) quick=yes ;;
    --help)
        usage
        exit 0
        ;;
    *)
        setup_say "unknown argument $1 (--help lists them)"
        exit 2
        ;;
    esac
    shift
done

# The lists are words to split.
# shellcheck disable=SC2086
setup_install $setup_build_packages $setup_test_packages || exit 69
# The sanitizers' and the fuzzer's runtime: a package of its own on newer systems.
if apt-cache show libclang-rt-dev >/dev/null 2>&1; then
    setup_install libclang-rt-dev || exit 69
fi
# What tests/bits builds for aarch64 with, on the processors for which there is such a compiler.
if apt-cache show gcc-aarch64-linux-gnu >/dev/null 2>&1; then
    # shellcheck disable=SC2086
    setup_install $setup_aarch64_packages || exit 69
fi
python=$(find_python) || exit 69
num_processors=$(setup_num_processors)

failed=
if [ "$quick" = no ]; then
    run_sanitizers || failed="$failed sanitizers"
    run_clang || failed="$failed clang"
    run_threads || failed="$failed threads"
    run_fuzzers || failed="$failed fuzzers"
    run_cluster || failed="$failed cluster"
fi
run_release || failed="$failed release"

if [ -n "$failed" ]; then
    setup_say "FAILED:$failed"
    exit 1
fi
