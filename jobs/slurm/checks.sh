# Sourced by submit.sh: what of Slurm can be asked before anything is queued.
# Set here and used there, or the other way round:
# shellcheck shell=sh disable=SC2034,SC2154

# What a surrounding job or step has set is not for the jobs that are submitted here.  Outside of one,
# sbatch's variables are the user's, but for those that would make another thing of the chain.
forget_surrounding_job() {
    surrounding=${SLURM_JOB_ID:-}
    variables=$(awk 'BEGIN { for (name in ENVIRON) print name }')
    for variable in $variables; do
        case $variable in
        SLURM_CONF | SLURM_CLUSTERS | SLURM_JWT) ;;
        SLURM_* | SLURMD_* | SRUN_* | PMI_* | PMIX_*) unset "$variable" ;;
        SBATCH_ARRAY_INX | SBATCH_EXPORT | SBATCH_GET_USER_ENV | SBATCH_NO_REQUEUE | \
            SBATCH_OPEN_MODE | SBATCH_REQUEUE | SBATCH_SIGNAL | SBATCH_WAIT) unset "$variable" ;;
        SBATCH_*) [ -z "$surrounding" ] || unset "$variable" ;;
        esac
    done
}

# word_value LONG SHORT DEFAULT: of an option for sbatch in submit_options, the last one that is there.
word_value() {
    split_words "$submit_options" | awk -v long="$1" -v short="$2" -v value="$3" '
        is_value { value = $0; is_value = 0; next }
        $0 == long || $0 == short { is_value = 1; next }
        index($0, long "=") == 1 { value = substr($0, length(long) + 2); next }
        substr($0, 1, 2) == short { value = substr($0, 3) }
        END { print value }'
}

# time_seconds TIME: prints seconds, whole minutes as Slurm has it; nothing without a limit; 1 if it is
# none of Slurm's forms.
time_seconds() {
    printf '%s\n' "$1" | awk '
        BEGIN { status = 1 }
        tolower($0) ~ /^(unlimited|infinite|0)$/ { status = 0 }
        /^[0-9]+$/ && $0 > 0 { seconds = 60 * $0 }
        /^[0-9]+:[0-9]+$/ { split($0, part, ":"); seconds = 60 * part[1] + part[2] }
        /^[0-9]+:[0-9]+:[0-9]+$/ {
            split($0, part, ":")
            seconds = 3600 * part[1] + 60 * part[2] + part[3]
        }
        /^[0-9]+-[0-9]+(:[0-9]+(:[0-9]+)?)?$/ {
            split($0, part, "[-:]")
            seconds = 86400 * part[1] + 3600 * part[2] + 60 * part[3] + part[4]
        }
        END {
            if (seconds > 0) {
                print 60 * int((seconds + 59) / 60)
                status = 0
            }
            exit status
        }'
}

# script_option STAGE NAME: of the #SBATCH lines.
script_option() {
    sed -n "s/^#SBATCH --$2=//p" "$jobs/slurm/$1.sbatch"
}

check_times() {
    for this_stage in $stages; do
        use_resources "$this_stage"
        given=$(word_value --time -t "${job_time:-${SBATCH_TIMELIMIT:-}}")
        limit=$(time_seconds "${given:-$(script_option "$this_stage" time)}") || fail 2 "$this_stage:" \
            "a time limit is minutes, hours:minutes:seconds or days-hours:minutes, not \"$given\""
        [ "$this_stage" != train ] || check_warning
        check_partition_time
    done
}

# Slurm looks at times once a minute, and so may give the warning a minute early.
check_warning() {
    signal=$(word_value --signal --signal "$(script_option train signal)")
    case $signal in
    *@*) warning=${signal##*@} ;;
    *) warning=60 ;;
    esac
    case $warning in
    '' | *[!0-9]*) return ;;
    esac
    if [ -n "$limit" ] && [ "$limit" -le $((warning + 60)) ]; then
        fail 2 "train: a time limit of $((limit / 60)) minutes is too short for its own warning," \
            "which comes $warning to $((warning + 60)) seconds before the end: give more time, or" \
            "a later warning, as --submit-options --signal=B:USR1@30"
    fi
}

# ---- Partitions --------------------------------------------------------------------------------

# Sets `partition_lines`, one for each partition; empty where Slurm cannot be asked.
ask_partitions() {
    partition_lines=
    wanted=$(word_value --partition -p "${partition:-${SBATCH_PARTITION:-}}")
    # Those of another cluster are another's to know.
    [ -z "$(word_value --clusters -M "${SBATCH_CLUSTERS:-}")" ] || return
    command -v scontrol >/dev/null || return
    partition_lines=$(scontrol --all --oneliner show partition 2>/dev/null) || partition_lines=
}

check_partitions() {
    ask_partitions
    [ -n "$partition_lines" ] || return
    IFS=,
    for name in $wanted; do
        printf '%s\n' "$partition_lines" | grep -qF "PartitionName=$name " ||
            fail 2 "there is no partition $name, but$(partition_names)"
    done
    unset IFS
    check_nodes
}

partition_names() {
    printf '%s\n' "$partition_lines" | sed 's/^PartitionName=\([^ ]*\) .*/ \1/' | tr -d '\n'
}

# Prints NAME of each partition that jobs would go to.
partition_values() {
    printf '%s\n' "$partition_lines" | awk -v wanted=",$wanted," -v name="$1" '
        {
            for (i = 1; i <= NF; i++) {
                separator = index($i, "=")
                field[substr($i, 1, separator - 1)] = substr($i, separator + 1)
            }
            if (wanted == ",," ? field["Default"] == "YES" : index(wanted, "," field["PartitionName"] ","))
                print field[name]
        }'
}

# A job of more time than any of its partitions allows would wait for ever.
check_partition_time() {
    [ -n "$partition_lines" ] && [ -z "$(word_value --qos -q "${SBATCH_QOS:-}")" ] || return
    longest=0
    for maximum in $(partition_values MaxTime); do
        seconds=$(time_seconds "$maximum") || return
        [ -n "$seconds" ] || return
        [ "$seconds" -le "$longest" ] || longest=$seconds
    done
    [ "$longest" -gt 0 ] || return
    found="no time limit"
    [ -z "$limit" ] || found="a time limit of $((limit / 60)) minutes"
    if [ -z "$limit" ] || [ "$limit" -gt "$longest" ]; then
        fail 2 "$this_stage: $found, more than the $((longest / 60)) minutes that the partition" \
            "allows: give --$this_stage-time"
    fi
}

check_nodes() {
    most=0
    for number in $(partition_values TotalNodes); do
        [ "$number" -le "$most" ] || most=$number
    done
    [ "$most" -eq 0 ] || [ -z "$num_nodes" ] || [ "$num_nodes" -le "$most" ] ||
        fail 2 "--nodes $num_nodes: the partition has $most"
    largest=$(sinfo --noheader --all ${wanted:+--partition="$wanted"} --format=%c 2>/dev/null |
        tr -d + | sort -n | tail -n 1)
    [ -n "$largest" ] || return
    for this_stage in $stages; do
        use_resources "$this_stage"
        num_cpus=${job_threads:-1}
        [ "$this_stage" != train ] || num_cpus=$((num_cpus * ${tasks_per_node:-1}))
        [ "$num_cpus" -le "$largest" ] || fail 2 "$this_stage: $num_cpus threads on a node:" \
            "the largest node of the partition has $largest CPUs"
    done
}

# Another chain that is queued for the same folder would be refused its files.
note_queued_jobs() {
    others=$(squeue --noheader --me --format='%i %k' 2>/dev/null |
        awk -v folder="$work_dir" '{ id = $1; sub(/^[^ ]* /, "") } $0 == folder { print id }' |
        tr '\n' ' ')
    [ -z "$others" ] || say "note: jobs of this work folder are queued already: ${others% }"
}
