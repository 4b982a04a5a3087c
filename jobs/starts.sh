# Sourced by the scripts that are jobs, after common.sh: a job that is started again and again and gets
# nowhere would be so for ever.  `job` is its id, `work_dir` the folder of its stage.
# Set here and used there, or the other way round:
# shellcheck shell=sh disable=SC2034,SC2154

max_idle_starts=3
starts='' num_idle=0

# count_start NUMBER: of starts before this one, if the scheduler says, else 1.  Counts those in a row
# that made no progress, in a file of the job, and ends the job after too many.
count_start() {
    starts=$work_dir/.starts-$job
    progress_before=$(print_progress)
    if [ "$1" -gt 0 ] && [ -f "$starts" ]; then
        read -r counted progress <"$starts"
        [ "$progress" != "$progress_before" ] || num_idle=$((counted + 1))
    fi
    [ "$num_idle" -lt "$max_idle_starts" ] || stop_idle
    printf '%s %s\n' "$num_idle" "$progress_before" >"$starts" || fail 74 "$starts: cannot write"
}

# Epoch and step of the newest state that a training has saved; the other stages begin anew.
print_progress() {
    case $stages in
    train*)
        sed -n -e '/"event":"checkpoint"/p' -e '/"event":"stop"/p' "$work_dir/run/log.jsonl" |
            sed -n 's/.*"epoch":\([0-9]*\),"step":\([0-9]*\).*/\1 \2/p' | tail -n 1 |
            grep . || echo 0 0
        ;;
    *) echo 0 0 ;;
    esac 2>/dev/null
}

# Before the job goes back into the queue.
check_progress() {
    [ "$((num_idle + 1))" -lt "$max_idle_starts" ] ||
        [ "$(print_progress)" != "$progress_before" ] || stop_idle
}

stop_idle() {
    forget_starts
    fail 1 "$max_idle_starts starts in a row made no progress, so this job is not started again:" \
        "give it more time, or a partition that does not preempt it, and submit again"
}

forget_starts() {
    [ -z "$starts" ] || rm -f -- "$starts"
}
