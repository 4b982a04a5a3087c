#!/bin/sh
# Runs one command-line case in a fresh folder and compares what it prints and how it ends.
#
# Usage: run_case.sh [--update] BIN_DIR CASE.sh
#
# A case is a POSIX sh script, run with -eu and with lib.sh read first.  Beside it lie CASE.out and
# CASE.err, its standard output and standard error after normalise.sed, and CASE.exit, its exit
# code; an absent one means nothing, or 0.  --update prints how this run differs from them and then
# writes them from it.
# Exit status: 0 as expected or updated, 1 not as expected, 77 the case cannot run here.
set -u

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd) || exit 1
update=no
if [ "${1:-}" = --update ]; then
    update=yes
    shift
fi
[ $# -eq 2 ] || { echo "Usage: run_case.sh [--update] BIN_DIR CASE.sh" >&2; exit 2; }
bin=$(CDPATH='' cd -- "$1" && pwd) || exit 1
case_script=$(CDPATH='' cd -- "$(dirname -- "$2")" && pwd)/$(basename -- "$2") || exit 1
expected=${case_script%.sh}

scratch=$(mktemp -d) || exit 1
trap 'chmod -R u+rwx "$scratch"; rm -rf "$scratch"' EXIT
trap 'exit 1' HUP INT TERM
mkdir "$scratch/folder"

PATH=$bin:$PATH
LC_ALL=C
images=$here/images
man=$here/../../docs/man
export PATH LC_ALL images man
unset POSIXLY_CORRECT OMP_NUM_THREADS SLURM_NTASKS SLURM_STEP_NUM_TASKS
umask 022

# The runner's own standard input and terminal are none of the case's business.
(cd "$scratch/folder" && exec sh -eu -c '. "$0"; . "$1"' "$here/lib.sh" "$case_script") \
    >"$scratch/raw.out" 2>"$scratch/raw.err" </dev/null
echo $? >"$scratch/exit"

if [ "$(cat "$scratch/exit")" = 77 ] && [ ! -f "$expected.exit" ]; then
    cat "$scratch/raw.out"
    exit 77
fi
for stream in out err; do
    sed -E -f "$here/normalise.sed" "$scratch/raw.$stream" >"$scratch/$stream"
done

# What an absent file of expectations stands for.
default_of() {
    if [ "$1" = exit ]; then echo 0; fi
}

result=0
for part in out err exit; do
    default_of $part >"$scratch/default"
    wanted=$expected.$part
    [ -f "$wanted" ] || wanted=$scratch/default
    if ! diff -u "$wanted" "$scratch/$part" >"$scratch/difference"; then
        echo "$(basename -- "$expected").$part differs (- expected, + found):"
        tail -n +3 "$scratch/difference"
        result=1
        if [ $update = yes ]; then
            rm -f "$expected.$part"
            cmp -s "$scratch/default" "$scratch/$part" || cp "$scratch/$part" "$expected.$part"
        fi
    fi
done
[ $update = no ] || exit 0
exit $result
