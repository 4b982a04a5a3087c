# Sourced by run.sh: what its cases wait for, ask Slurm and expect.
# shellcheck shell=sh disable=SC2034,SC2154

# wait_until SECONDS COMMAND...: 1 if the command has not succeeded by then.
wait_until() {
    deadline=$(($(date +%s) + $1))
    shift
    until "$@"; do
        [ "$(date +%s)" -lt "$deadline" ] && [ -d "$cluster" ] || return 1
        sleep 0.1
    done
}

fail() {
    printf 'FAILED: %s\n' "$*" >&2
    exit 1
}

# wait_for WHAT COMMAND...
wait_for() {
    what=$1
    shift
    wait_until 180 "$@" || fail "waited in vain: $what"
}

# Options of quern-train for the lesson's model, which is trained in a moment.
lesson='--recipe lesson'

# ---- Jobs ----

# submit OPTION...: the chain, for the folder work; sets id_NAME for each job, from the output that
# users read.
submit() {
    "$QUERN_SOURCE/jobs/slurm/submit.sh" --programs "$QUERN_BIN" --work-dir work --time 20 "$@" \
        >ids || fail "submit.sh ended with $?"
    while read -r name number; do
        eval "id_$name=\$number"
    done <ids
}

# field ID NAME: of `scontrol show job`; of each element in an array.
field() {
    scontrol show job -o "$1" | tr ' ' '\n' | sed -n "s/^$2=//p"
}

state_is() {
    [ "$(field "$1" JobState | sort -u)" = "$2" ]
}

has_ended() {
    case $(field "$1" JobState) in
    '' | *PENDING* | *RUNNING* | *COMPLETING* | *CONFIGURING* | *SUSPENDED* | *REQUEUED*) return 1 ;;
    esac
}

# expect_state ID STATE: when it has ended.
expect_state() {
    wait_for "the end of job $1" has_ended "$1"
    state_is "$1" "$2" || fail "job $1 is $(field "$1" JobState | tr '\n' ' '), expected $2"
}

# expect_restarts ID NUMBER
expect_restarts() {
    [ "$(field "$1" Restarts)" = "$2" ] ||
        fail "job $1 has been started again $(field "$1" Restarts) times, expected $2"
}

# ---- Files ----

expect_text() {
    grep -qF -e "$2" "$1" || fail "$1 does not hold: $2"
}

expect_no_text() {
    ! grep -qF -e "$2" "$1" || fail "$1 holds: $2"
}

expect_file() {
    [ -s "$1" ] || fail "$1 is missing or empty"
}

expect_no_file() {
    [ ! -e "$1" ] || fail "$1 exists"
}

# expect_same_run RUN OTHER: the same checkpoints, byte for byte.
expect_same_run() {
    (cd "$1" && ls epoch-*.h5) >checkpoints
    (cd "$2" && ls epoch-*.h5) | cmp -s - checkpoints || fail "$1 and $2 hold other checkpoints"
    while read -r checkpoint; do
        cmp "$1/$checkpoint" "$2/$checkpoint" || fail "$1/$checkpoint has other bytes than in $2"
    done <checkpoints
    expect_no_file "$2/interrupted.h5"
}

# ---- Training that is long enough to be interrupted ----

# Sets `long` to options of a run that takes some seven seconds on this machine, with eight
# checkpoints, and makes the folder $cluster/long/run: it, undisturbed.  On one thread, because
# threads that wait for each other would wait very long where other work is on the machine too.
need_long_run() {
    if [ ! -f "$cluster/long/options" ]; then
        mkdir -p "$cluster/long"
        # Its words are options.
        # shellcheck disable=SC2086
        "$QUERN_BIN/quern-train" "$cluster/store.h5" --output "$cluster/long/probe" --threads 1 \
            $lesson --epochs 1000 --checkpoint-every 1000 >"$cluster/long/output" 2>&1 ||
            fail "$(cat "$cluster/long/output")"
        seconds=$(sed -n 's/.*"event":"end".*"seconds":\([0-9.]*\).*/\1/p' \
            "$cluster/long/probe/log.jsonl")
        eighth=$(awk -v seconds="$seconds" 'BEGIN { printf "%d", 900 / seconds + 10 }')
        long="$lesson --epochs $((8 * eighth)) --checkpoint-every $eighth"
        # Its words are options.
        # shellcheck disable=SC2086
        "$QUERN_BIN/quern-train" "$cluster/store.h5" --output "$cluster/long/run" --threads 1 \
            $long >"$cluster/long/output" 2>&1 || fail "$(cat "$cluster/long/output")"
        printf '%s\n' "$long" >"$cluster/long/options"
    fi
    long=$(cat "$cluster/long/options")
}

# log_lines RUN EVENT
log_lines() {
    grep "\"event\":\"$2\"" "$1/log.jsonl"
}

# The first checkpoint after the initial one is there, and much is left to do.
is_under_way() {
    [ "$(find "$1" -name 'epoch-*.h5' ! -name epoch-0000.h5 2>/dev/null | wc -l)" -gt 0 ]
}

wait_until_under_way() {
    wait_for "the first checkpoint of $1" is_under_way "$1"
}

# expect_interrupted RUN: not a run that had ended already, which would prove nothing.
expect_interrupted() {
    [ "$(log_lines "$1" end | wc -l)" -eq 1 ] || fail "$1 has not ended once: $(log_lines "$1" end)"
    log_lines "$1" start | sed -n '2p' | grep -q '"epochs_done":[1-9]' ||
        fail "$1 was not interrupted after its first checkpoint"
}

# expect_saved RUN: when it was interrupted, it saved what it had done first.
expect_saved() {
    expect_interrupted "$1"
    [ "$(log_lines "$1" stop | wc -l)" -ge 1 ] || fail "$1 did not save when it was interrupted"
}
