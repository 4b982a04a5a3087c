#!/bin/sh
# Measures quern beside the tools that people use for the same work, and prints a table.
set -u

program=run.sh
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd) || exit 74
root=$(CDPATH='' cd -- "$here/.." && pwd) || exit 74
# shellcheck source=jobs/setup.sh
. "$root/jobs/setup.sh"
# shellcheck source=bench/common.sh
. "$here/common.sh"
# shellcheck source=bench/data.sh
. "$here/data.sh"
# shellcheck source=bench/rows.sh
. "$here/rows.sh"

usage() {
    cat <<EOF2
Usage: bench/run.sh [OPTION...] [ROW...]

Builds quern, measures both sides of every row in turn, several times, and prints a table: what
both took (medians), their ratio (the median of the ratios of each turn, the smallest and the
largest), the target, and whether it is met.  Both sides work on two processors at most.

Rows (default: all):
$(describe_rows)

Data:
  --data DIR|ARCHIVE   a tree of PNG images of two classes, DIR/{train,valid}/CLASS/**.png, or an
                       archive of one (default: \$QUERN_MNIST_SAMPLE, which names the lesson's
                       MNIST_SAMPLE; without it, as many 3s and 7s are drawn)

Running:
  --repeats N          turns of each row (default: 7)
  --colour-per-class N colour images of each of ten classes, for the rows that train on them
                       (default: 5000, as many as CIFAR-10 has)
  --quick              one short turn of each row, to see that everything runs
  --build-dir DIR      a build with -DQUERN_BENCH=ON, instead of building (default:
                       build/release)
  --work-dir DIR       a folder to work in; what is written there is removed (default: in
                       the build folder: that file system is measured too)
  --results FILE       the single measurements, and what is known of the machine, as
                       tab-separated values (default: BUILD_DIR/bench/results.tsv)
  --markdown           print the table in Markdown

General:
  --help               print this help and exit

Peers that are not installed are named, and their rows print our side alone; on Debian they are
python3-torch python3-opencv python3-h5py python3-pil.  QUERN_PYTHON names the python3 to take.

Exit status: 0 measured, whatever the figures are; 1 something failed; 2 wrong arguments;
69 packages are missing; 74 cannot write.
EOF2
}

# ---- Peers -------------------------------------------------------------------------------------

# find_python MODULE...: prints a python3 that has them all.
find_python() {
    for candidate in ${QUERN_PYTHON:-python3 /usr/bin/python3}; do
        "$candidate" -c 'import importlib.util, sys
sys.exit(not all(map(importlib.util.find_spec, sys.argv[1:])))' "$@" 2>/dev/null || continue
        command -v "$candidate"
        return
    done
    return 1
}

# Sets python, or missing to what Debian calls the packages of the modules that are not there.
prepare_peer() {
    # These are words to split.
    # shellcheck disable=SC2086
    if python=$(find_python $peer_modules); then
        [ "$their_function" != ask_peer ] || start_peer
        return
    fi
    for module in $peer_modules; do
        find_python "$module" >/dev/null || missing="$missing $(package_of "$module")"
    done
    missing=${missing:- one python3 with all of $peer_modules}
    missing=${missing# }
}

package_of() {
    case $1 in
    cv2) echo python3-opencv ;;
    PIL) echo python3-pil ;;
    *) echo "python3-$1" ;;
    esac
}

# The peer stays alive while its row is measured.
start_peer() {
    mkfifo "$work/to_peer" "$work/from_peer" || exit 74
    OMP_NUM_THREADS=$num_threads "$python" -B "$here/peers/$peer_script" "$peer_first" "$peer_second" \
        ${peer_third:+"$peer_third"} ${peer_fourth:+"$peer_fourth"} \
        <"$work/to_peer" >"$work/from_peer" 2>"$work/peer.log" &
    peer=$!
    exec 3>"$work/to_peer" 4<"$work/from_peer"
    rm -f -- "$work/to_peer" "$work/from_peer"
    read -r word peer_description <&4 && [ "$word" = ready ] && return
    peer_failed
}

# Prints what the peer's last run took.
ask_peer() {
    echo go >&3
    read -r word peer_seconds <&4 || peer_failed
    [ "$word" = seconds ] || peer_failed
    echo "$peer_seconds"
}

stop_peer() {
    exec 3>&- 4<&-
    wait "$peer" || peer_failed
    peer=
}

peer_failed() {
    cat -- "$work/peer.log" >&2
    fail 1 "the peer of row $row failed"
}

# ---- Measuring ---------------------------------------------------------------------------------

# Appends to measured.tsv: row, turn, our seconds, theirs (or - for a peer that is not installed).
measure_row() {
    setup_say "measuring $row: $ours, and $theirs"
    missing='' peer_description=''
    case $row in
    *cifar-*) make_colour_store ;;
    ingest-jpeg-*) make_jpeg_tree || return 0 ;;
    esac
    [ -z "$peer_script" ] || prepare_peer
    turn=1
    while [ "$turn" -le "$repeats" ]; do
        our_seconds=$(measure_ours) || exit 1
        their_seconds=-
        if [ -z "$missing" ]; then
            their_seconds=$(measure_theirs) || exit 1
        fi
        printf '%s\t%s\t%s\t%s\n' "$row" "$turn" "$our_seconds" "$their_seconds" \
            >>"$work/measured.tsv"
        turn=$((turn + 1))
    done
    [ -z "$peer" ] || stop_peer
    [ -z "$notes" ] || peer_description="${peer_description:+$peer_description; }$("$notes")"
    printf '%s\t%s\t%s\t%s\t%s\t%s\t%s\n' "$row" "$ours" "$theirs" "$target" "$limit" \
        "${missing:--}" "${peer_description:--}" >>"$work/rows.tsv"
}

clean_up() {
    [ -z "$peer" ] || kill "$peer" 2>/dev/null
}

# ---- Arguments ---------------------------------------------------------------------------------

# The rows name these, and the help names the rows.  Neither side gets more threads on a machine
# with more processors: the targets are for two.
tree='' tar_archive='' store='' work='' num_threads=2

data='' repeats=7 kernels_repeats=31 colour_per_class=5000 build_dir='' work_dir='' results='' format=text rows=
while [ $# -gt 0 ]; do
    case $1 in
    --help)
        usage
        exit 0
        ;;
    --quick) repeats=1 kernels_repeats=1 colour_per_class=20 ;;
    --markdown) format=markdown ;;
    --data | --repeats | --colour-per-class | --build-dir | --work-dir | --results)
        [ -n "${2:-}" ] || fail 2 "option $1 needs a value"
        case $1 in
        --data) data=$2 ;;
        --repeats)
            repeats=$2
            case $repeats in 0* | *[!0-9]*) fail 2 "--repeats needs a number from 1" ;; esac
            ;;
        --colour-per-class)
            colour_per_class=$2
            case $colour_per_class in 0* | *[!0-9]*) fail 2 "--colour-per-class needs a number from 1" ;; esac
            ;;
        --build-dir) build_dir=$2 ;;
        --work-dir) work_dir=$2 ;;
        --results) results=$2 ;;
        esac
        shift
        ;;
    -*) fail 2 "unknown option $1 (--help lists them)" ;;
    *)
        is_row "$1" || fail 2 "$1: no such row; there are: $all_rows"
        rows="$rows $1"
        ;;
    esac
    shift
done
data=${data:-${QUERN_MNIST_SAMPLE:-}}
[ -z "$data" ] || [ -e "$data" ] || fail 2 "$data: no such file or folder"

build_benchmarks "$build_dir"
peer=
make_work_folder "${work_dir:-$benches}"
get_data
{
    describe_machine
    echo "# data: $data_description"
} >"$work/machine"
: >"$work/rows.tsv"
: >"$work/measured.tsv"
for row in ${rows:-$all_rows}; do
    describe_row "$row"
    measure_row
done
awk -v format="$format" -f "$here/table.awk" "$work/machine" "$work/rows.tsv" "$work/measured.tsv" ||
    exit
cat -- "$work/machine" "$work/measured.tsv" >"${results:-$benches/results.tsv}" || exit 74
