#!/bin/sh
# The long versions of the harnesses behind docs/reliability.md, of which tests/run.sh runs small
# ones: kills, signals, faults, rot, archives, threads, jobs, packages and fuzzers, one after another.
# Parts are called by name.
# shellcheck disable=SC2317,SC2329
set -u

program=campaigns.sh
root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd) || exit 74
# shellcheck source=jobs/setup.sh
. "$root/jobs/setup.sh"
all_parts='kill signals faults rot archives threads cluster packages docs fuzz'

usage() {
    cat <<EOF
Usage: tests/campaigns.sh [OPTION...] [PART...]

Builds quern, optimized and with the address and undefined behaviour sanitizers, and runs the full
campaigns; needs what tests/run.sh installs.  Parts (default: all, which takes about a day):
  kill       stages killed at random instants
  signals    stages asked to stop and to save
  faults     every call of every stage made to fail, in both builds
  rot        every byte of small files changed, every length cut
  archives   1,000 bits flipped and 1,000 cuts in each kind of archive
  threads    clang's thread sanitizer, on five data sets
  cluster    job scripts on a real Slurm, every case
  packages   the packages in roots of Debian without compilers; as root, with debootstrap
  docs       the documents' commands on the real data, which variables name; long trainings
  fuzz       clang's fuzzers

Options:
  --kills N           at least N of them (default: 400)
  --fuzz-seconds N    for each target (default: 3600)
  --help              print this help and exit

What a part prints goes to build/campaigns/PART.log, and its last lines here.
Exit status: 0 nothing found, 1 something was, 2 wrong arguments, 70 the build failed.
EOF
}

take_number() {
    case $2 in '' | 0* | *[!0-9]*)
        setup_say "$1 needs a number from 1"
        exit 2
        ;;
    esac
}

num_kills=400 fuzz_seconds=3600 parts=
while [ $# -gt 0 ]; do
    case $1 in
    --kills)
        take_number "$1" "${2:-}"
        num_kills=$2
        shift
        ;;
    --fuzz-seconds)
        take_number "$1" "${2:-}"
        fuzz_seconds=$2
        shift
        ;;
    --help)
        usage
        exit 0
        ;;
    *)
        case " $all_parts " in
        *" $1 "*) parts="$parts $1" ;;
        *)
            setup_say "unknown argument $1 (--help lists them)"
            exit 2
            ;;
        esac
        ;;
    esac
    shift
done

run_kill() {
    "$root/tests/kill/run.sh" --kills "$num_kills" --images 3000
}

run_signals() {
    "$root/tests/signals/run.sh"
}

run_faults() {
    faults_failed=0
    for build in release asan; do
        for part in calls memory file_limit full_disk; do
            echo "$build, $part:"
            "$root/tests/faults/run.sh" --full --keep-going "$part" \
                "$root/build/$build/tests/faults/libquern_fault_injector.so" \
                "$root/build/$build/bin" || faults_failed=1
        done
    done
    return $faults_failed
}

run_rot() {
    "$root/tests/rot/rot.sh" --full "$root/build/release/bin" "$root/build/release/tests/rot/rot"
}

run_archives() {
    for build in release asan; do
        QUERN_ARCHIVE_DAMAGES=1000 "$root/build/$build/tests/test_archive_damage" || return 1
    done
}

run_threads() {
    "$root/tests/threads/run.sh" --seeds 5
}

run_cluster() {
    "$root/tests/cluster/run.sh"
}

run_packages() {
    setup_install debootstrap dpkg-dev lintian || return 1
    "$root/tests/install/clean_root.sh"
}

run_docs() {
    QUERN_BIN=$root/build/release/bin QUERN_SOURCE=$root "$root/tests/docs/commands.sh" --full
}

run_fuzz() {
    "$root/tests/fuzz/run.sh" --seconds "$fuzz_seconds"
}

for preset in release asan; do
    setup_build "$root" "$preset" -DQUERN_TESTS=ON || exit 70
done
mkdir -p "$root/build/campaigns" || exit 74
failed=
for part in ${parts:-$all_parts}; do
    log=$root/build/campaigns/$part.log
    setup_say "$part, to $log"
    "run_$part" >"$log" 2>&1 || failed="$failed $part"
    tail -n 12 "$log"
done
if [ -n "$failed" ]; then
    setup_say "FAILED:$failed"
    exit 1
fi
