# Sourced by pipeline.sh, submit.sh and sweep.sbatch: a sweep is a table of settings.  A line of it is a name and
# options for quern-train; empty lines and lines that begin with # do not count.
# shellcheck shell=sh disable=SC2034,SC2154

sweep_lines() {
    sed -e 's/^[[:space:]]*//' -e 's/[[:space:]]*$//' -e '/^#/d' -e '/^$/d' "$1"
}

# take_sweep_line TABLE NUMBER: sets `name` and `name_options`, from line NUMBER of those that count.
take_sweep_line() {
    line=$(sweep_lines "$1" | sed -n "$2p")
    [ -n "$line" ] || fail 2 "$1: has no line $2"
    name=${line%%[[:space:]]*}
    name_options=${line#"$name"}
}

# check_sweep TABLE: sets `num_sweep_lines`.
check_sweep() {
    if [ ! -f "$1" ] || [ ! -r "$1" ]; then
        fail 2 "$1: cannot read this table of settings"
    fi
    num_sweep_lines=$(sweep_lines "$1" | wc -l)
    [ "$num_sweep_lines" -gt 0 ] || fail 2 "$1: holds no settings"
    names=' '
    for number in $(seq "$num_sweep_lines"); do
        take_sweep_line "$1" "$number"
        case $name in
        [-.]* | *[!A-Za-z0-9._=-]*)
            fail 2 "$1: a line begins with a name, of letters, digits and . _ = - only: $line"
            ;;
        esac
        case $names in
        *" $name "*) fail 2 "$1: $name is there twice" ;;
        esac
        names="$names$name "
        check_train_words "$1: $name" "$name_options"
    done
}

# check_sweep_options TABLE: by the program itself, the options of each line behind train_options.
check_sweep_options() {
    for number in $(seq "$num_sweep_lines"); do
        take_sweep_line "$1" "$number"
        check_train_options "$1: $name" "$train_options $name_options"
    done
}

# copy_sweep TABLE DIR: what runs reads a copy in DIR, so that the table may be edited meanwhile.
copy_sweep() {
    if ! mkdir -p -- "$2" || ! cp -- "$1" "$2/table.partial" ||
        ! mv -f -- "$2/table.partial" "$2/table"; then
        fail 74 "$2/table: cannot write the table"
    fi
    # What an earlier sweep found under these names is not to be ranked in this one.
    for name in $names; do
        rm -f -- "$2/$name/evaluation.json"
    done
}

# rank_sweep TABLE DIR: writes DIR/ranking.tsv, the runs DIR/NAME from the best to the worst by their
# mean class accuracy, then by their loss; and prints it.  1 if some have no evaluation.
rank_sweep() {
    ranking=$2/ranking.tsv
    num_missing=0
    for number in $(seq "$(sweep_lines "$1" | wc -l)"); do
        take_sweep_line "$1" "$number"
        if [ -s "$2/$name/evaluation.json" ]; then
            sweep_row "$2/$name/evaluation.json"
        else
            say "$name has no evaluation: its log tells why"
            num_missing=$((num_missing + 1))
        fi
    done >"$ranking.unsorted" || return 74
    {
        printf 'rank\tname\tmean_class_accuracy\taccuracy\tloss\toptions\n'
        LC_ALL=C sort -t "$(printf '\t')" -k 2,2gr -k 4,4g "$ranking.unsorted" |
            awk '{ print NR "\t" $0 }'
    } >"$ranking.partial" && mv -f -- "$ranking.partial" "$ranking" || return 74
    rm -f -- "$ranking.unsorted"
    cat -- "$ranking"
    [ "$num_missing" -eq 0 ]
}

# sweep_row EVALUATION.json: of `name`, its row without the rank.
sweep_row() {
    name=$name options=${name_options#"${name_options%%[![:space:]]*}"} awk '
        # The first of a key is that of all samples, the others those of a class.
        function value(key) {
            if (!match($0, "\"" key "\":[0-9.eE+-]+")) return "-"
            return substr($0, RSTART + length(key) + 3, RLENGTH - length(key) - 3)
        }
        { printf "%s\t%s\t%s\t%s\t%s\n", ENVIRON["name"], value("mean_class_accuracy"),
                 value("accuracy"), value("loss"), ENVIRON["options"] }' "$1"
}
