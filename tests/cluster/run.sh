#!/bin/sh
# Runs the job scripts on a real Slurm of four nodes on this machine.
# Lists of cases are words to split.
# shellcheck disable=SC2086,SC2116
set -u

program=run.sh
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd) || exit 74
QUERN_SOURCE=$(CDPATH='' cd -- "$here/../.." && pwd) || exit 74
QUERN_BIN=${QUERN_BIN:-$QUERN_SOURCE/build/release/bin}
# shellcheck source=jobs/setup.sh
. "$QUERN_SOURCE/jobs/setup.sh"
# shellcheck source=tests/cluster/slurm.sh
. "$here/slurm.sh"
# shellcheck source=tests/cluster/support.sh
. "$here/support.sh"
skipped=77
all_cases='chain alone threads failing_stage cancelled warned preempted no_grace node_down node_lost
    stuck nested refused array sweep shards mpi mpi_warned rank_lost singletons'

usage() {
    cat <<END
Usage: tests/cluster/run.sh [OPTION...] [CASE...]

Installs Slurm where it is missing (Debian, Ubuntu; as root or with sudo), starts a controller and
four nodes on this machine, in a folder of their own under /tmp, and runs the scripts of jobs/slurm
on them.  Nothing of it is left at the end.

Cases (default: all):
  chain          submit.sh: ingest, train, evaluate, one after the other
  alone          each script submitted by hand, with a settings file
  threads        as many as Slurm gives CPUs, bound to them
  failing_stage  cancels the jobs that wait for it
  cancelled      by its user: stays cancelled, and so do those that wait for it
  warned         before its time is over: saves, requeued, the bytes of an undisturbed run
  preempted      by a partition of higher priority: the same
  no_grace       without a time of grace: the same
  node_down      in the middle of a training: requeued, on another node, the same bytes
  node_lost      with all of its processes, so that nothing is saved: the same
  stuck          started again and again without progress: ends
  nested         submitted from within a job, of which nothing is passed on
  refused        what cannot run, before anything is queued
  array          of which one element is requeued, and no other
  sweep          six settings, ranked; and with one that fails
  shards         an array of four, merged: the bytes of a store made in one go
  mpi            one training over two and four nodes: the bytes of one process
  mpi_warned     the same, warned and requeued
  rank_lost      ends its job, which is gone on with when submitted again
  singletons     tasks that do not find each other are refused

Options:
  --keep         leave the folder with all logs
  --help         print this help and exit

Environment:
  QUERN_BIN      folder of the programs (default: build/release/bin)

Exit status: 0 all passed, 1 one failed, 2 wrong arguments, 69 a program is missing, 77 skipped,
because Slurm cannot be installed.
END
}

stop() {
    stop_daemons
    if [ "$keep" = yes ]; then
        say "all logs are in $cluster"
    else
        rm -rf "$cluster"
    fi
}

say() {
    setup_say "$@"
}

# run_case NAME: in a folder and a shell of its own.
run_case() {
    started=$(date +%s)
    mkdir "$cluster/$1"
    (
        set -eu
        cd "$cluster/$1"
        # shellcheck source=/dev/null
        . "$here/case_$1.sh"
    ) >"$cluster/$1.log" 2>&1
    code=$?
    seconds=$(($(date +%s) - started))
    if [ "$code" -eq 0 ]; then
        printf 'ok      %-14s %3d s\n' "$1" "$seconds"
    else
        printf 'FAILED  %-14s %3d s\n' "$1" "$seconds"
        print_logs "$1"
        failed="$failed $1"
    fi
    scancel --me --quiet
    wait_until 60 no_jobs || say "jobs of the case $1 do not end"
    # What a case has changed.
    scontrol update partitionname=main gracetime=20
    scontrol update nodename="n[1-$num_nodes]" state=resume 2>/dev/null
    wait_until 60 all_idle || say "nodes are not idle after the case $1"
}

no_jobs() {
    [ -z "$(squeue --noheader)" ]
}

print_logs() {
    sed 's/^/    /' "$cluster/$1.log"
    find "$cluster/$1" -name '*.log' | sort | while IFS= read -r log; do
        printf '  ---- %s\n' "$log"
        tail -n 15 "$log" | sed 's/^/    /'
    done
    printf '  ---- jobs\n'
    scontrol show job -o | grep -F "WorkDir=$cluster/$1" | tr ' ' '\n' | grep -E \
        '^(JobId|ArrayTaskId|JobName|JobState|Reason|Dependency|Restarts|ExitCode|NodeList)=' |
        sed -e '/^JobId=/s/^/\n/' | tr '\n' ' ' | tr -s ' ' | sed 's/ JobId=/\n    JobId=/g'
    printf '\n'
}

make_data() {
    "$QUERN_BIN/quern-draw" "$cluster/digits" --train 1000 --valid 100 --size 12x12 &&
        "$QUERN_BIN/quern-ingest" "$cluster/digits" "$cluster/store.h5"
}

keep=no cases=
for argument in "$@"; do
    case $argument in
    --help)
        usage
        exit 0
        ;;
    --keep) keep=yes ;;
    *)
        case " $(echo $all_cases) " in
        *" $argument "*) cases="$cases $argument" ;;
        *)
            say "unknown argument $argument (--help lists them)"
            exit 2
            ;;
        esac
        ;;
    esac
done
for name in draw ingest train evaluate; do
    if [ ! -x "$QUERN_BIN/quern-$name" ]; then
        say "$QUERN_BIN does not hold quern-$name: build it, or set QUERN_BIN"
        exit 69
    fi
done
# The list is words to split.
# shellcheck disable=SC2086
if ! setup_install $setup_cluster_packages; then
    say "SKIPPED: Slurm cannot be installed here"
    exit "$skipped"
fi

cluster=$(mktemp -d /tmp/quern-cluster.XXXXXX) || exit 74
trap stop EXIT
trap 'exit 1' HUP INT TERM
if ! start_cluster; then
    tail -n 20 "$cluster"/*.log >&2
    say "FAILED: Slurm did not start; its last messages are above"
    exit 1
fi
make_data >/dev/null 2>"$cluster/data.log" || {
    cat "$cluster/data.log" >&2
    exit 1
}
with_mpi=no
! ldd "$QUERN_BIN/quern-train" | grep -q libmpi || with_mpi=yes
failed=
for case in ${cases:-$all_cases}; do
    case $with_mpi-$case in
    no-mpi* | no-rank_lost) printf 'skipped %-14s built without MPI\n' "$case" ;;
    *) run_case "$case" ;;
    esac
done
if [ -n "$failed" ]; then
    say "FAILED:$failed"
    exit 1
fi
