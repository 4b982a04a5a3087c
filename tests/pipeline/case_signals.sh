# A signal to the pipeline ends the stage that runs, and the pipeline after it.
# shellcheck source=tests/pipeline/support.sh
. "$(dirname "$0")/support.sh"

# signal_pipeline SIGNAL CODE
signal_pipeline() {
    rm -f started ended evaluated
    # Not in the background of this shell, which would have it ignore SIGINT.
    (
        while [ ! -s started ]; do sleep 0.05; done
        kill -s "$1" "$(cat started)"
    ) &
    expect_exit "$2" sh -c 'echo $$ >number; exec "$@"' sh \
        "$QUERN_SOURCE/jobs/pipeline.sh" --programs programs --work-dir work --from train
    wait
    expect_no_file evaluated
}

stand_in evaluate 'touch evaluated'

# A stage that saves its work first.
# shellcheck disable=SC2016
stand_in train 'trap "echo yes >ended; exit 75" TERM' 'cp number started' \
    'for i in $(seq 200); do sleep 0.05; done'
for signal in TERM INT HUP; do
    signal_pipeline "$signal" 75
    expect_file ended
    expect_text stderr 'run again to go on'
done

# One that dies of it, and one that had just ended well.
stand_in train 'cp number started' 'exec sleep 20'
signal_pipeline TERM 143
stand_in train 'trap "exit 0" TERM' 'cp number started' 'while :; do sleep 0.05; done'
signal_pipeline INT 130
