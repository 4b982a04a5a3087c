#!/bin/sh
# no_locks.sh INJECTOR BIN_FOLDER: a file system that cannot lock is refused, unless the environment
# says that it will do.
set -eu
injector=$1
bin=$2
temporary=$(mktemp -d)
trap 'cd / && rm -rf "$temporary"' EXIT
cd "$temporary"

fail() {
    printf 'FAILED: %s\n' "$*" >&2
    cat stderr >&2
    exit 1
}

# without_lock NUMBER ERRNO COMMAND...: its NUMBERth lock fails with ERRNO; sets `code`.
without_lock() {
    number=$1 reason=$2
    shift 2
    code=0
    env LD_PRELOAD="$injector" QUERN_FAULT_FUNCTION=lock QUERN_FAULT_NUMBER="$number" \
        QUERN_FAULT_ERRNO="$reason" QUERN_FAULT_REPORT="$PWD/report" "$@" >/dev/null 2>stderr || code=$?
    [ -s report ] || fail "no lock $number: nothing was tried"
    rm report
}

"$bin/quern-draw" digits --train 40 --valid 8 --size 8x8 >/dev/null 2>&1
"$bin/quern-ingest" digits store.h5 >/dev/null
"$bin/quern-train" store.h5 --recipe lesson --output run --epochs 2 >/dev/null

# 38 is ENOSYS: what Lustre says without its mount option flock.
for reason in 38 ENOLCK; do
    unset HDF5_USE_FILE_LOCKING
    without_lock 1 "$reason" "$bin/quern-ingest" digits new.h5
    [ "$code" -eq 74 ] || fail "ingest ended with $code"
    grep -q 'the file system cannot lock files' stderr || fail "ingest says something else"
    [ ! -e new.h5 ] || fail "ingest has written"

    export HDF5_USE_FILE_LOCKING=TRUE
    without_lock 1 "$reason" "$bin/quern-ingest" digits new.h5
    [ "$code" -eq 74 ] || fail "ingest ended with $code"

    for wish in FALSE 0 BEST_EFFORT; do
        export HDF5_USE_FILE_LOCKING="$wish"
        without_lock 1 "$reason" "$bin/quern-ingest" --force digits new.h5
        [ "$code" -eq 0 ] || fail "ingest ended with $code"
        cmp store.h5 new.h5
        # The log, and each checkpoint.
        for number in 1 2 3; do
            without_lock "$number" "$reason" "$bin/quern-train" store.h5 --recipe lesson --output new --epochs 2
            [ "$code" -eq 0 ] || fail "train ended with $code"
            cmp run/epoch-0002.h5 new/epoch-0002.h5
            rm -r new
        done
        rm new.h5
    done
done

# 11 is EAGAIN: another process has the lock, and has given it back by the next attempt.
unset HDF5_USE_FILE_LOCKING
without_lock 1 11 "$bin/quern-ingest" digits new.h5
[ "$code" -eq 0 ] || fail "ingest ended with $code"
cmp store.h5 new.h5
