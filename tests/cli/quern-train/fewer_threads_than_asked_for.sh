# OpenMP may deliver fewer threads than a program asks for: nothing waits for the others, and the
# bytes are the same.
# Options are words to split.
# shellcheck disable=SC2086
quern-draw --train 700 --valid 50 digits --size 12x12 >/dev/null
quern-ingest digits store.h5 >/dev/null
quern-train store.h5 --recipe lesson --output expected --epochs 2 --batch-size 500 --threads 1 >/dev/null
for setting in OMP_THREAD_LIMIT=1 OMP_THREAD_LIMIT=2 OMP_THREAD_LIMIT=3 OMP_DYNAMIC=true; do
    for options in "" "--verify quick"; do
        rm -rf run
        expect 0 env "$setting" timeout 60 quern-train store.h5 --recipe lesson --output run --epochs 2 \
            --batch-size 500 --threads 4 $options >/dev/null
        for epoch in 0 1 2; do
            cmp "expected/epoch-000$epoch.h5" "run/epoch-000$epoch.h5"
        done
        # Streamed: several chunks are not there, but the way is another.
        expect 0 env "$setting" timeout 60 quern-train store.h5 --recipe lesson --output none --dry-run \
            --threads 4 $options >/dev/null
    done
done
