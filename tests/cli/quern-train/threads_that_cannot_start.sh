# Limits of the process leave room for some of a thousand threads: their stacks take 8 MiB each.
case $(ldd "$(command -v quern-train)") in
*asan* | *tsan*) skip "a sanitizer takes more address space than any limit" ;;
esac
make_store store.h5
quern-train store.h5 --recipe lesson --output expected --epochs 1 >/dev/null
(
    # dash, bash and busybox have both.
    # shellcheck disable=SC3045
    ulimit -s 8192
    # shellcheck disable=SC3045
    ulimit -v 3000000
    expect 0 quern-train store.h5 --recipe lesson --output run --epochs 1 --threads 1000 >/dev/null 2>log
)
grep -c 'do not let it start 1000 threads; working with [1-9][0-9]*$' log
grep -o '"threads_rule":"--threads, less what cannot be started"' run/log.jsonl
cmp expected/epoch-0001.h5 run/epoch-0001.h5
