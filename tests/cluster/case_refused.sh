# What cannot run is refused before anything is queued.
# shellcheck shell=sh disable=SC2154
# refused TEXT OPTION...
refused() {
    text=$1
    shift
    code=0
    "$QUERN_SOURCE/jobs/slurm/submit.sh" --programs "$QUERN_BIN" --work-dir work \
        --source "$cluster/digits" "$@" >ids 2>refused.log || code=$?
    [ "$code" -eq 2 ] || fail "exit code $code of: $*"
    expect_text refused.log "$text"
    [ ! -s ids ] || fail "submitted: $(cat ids)"
    no_jobs || fail "queued: $(squeue)"
}
refused 'there is no partition night, but main urgent' --partition night
refused 'a time limit of 90 minutes, more than the 60 minutes' --time 90
refused 'too short for its own warning' --train-time 3
refused '--nodes 5: the partition has 4' --nodes 5
refused 'evaluate: 3 threads on a node: the largest node of the partition has 2' --evaluate-threads 3
refused 'option --train-options: quern-train: --epochs' --train-options '--epochs none'
refused 'there is no such source' --source missing
