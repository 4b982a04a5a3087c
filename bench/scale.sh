#!/bin/sh
# Measures what an image costs when there are ten thousand, a hundred thousand, a million of them.
set -u

program=scale.sh
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd) || exit 74
root=$(CDPATH='' cd -- "$here/.." && pwd) || exit 74
# shellcheck source=jobs/setup.sh
. "$root/jobs/setup.sh"
# shellcheck source=bench/common.sh
. "$here/common.sh"

usage() {
    cat <<EOF2
Usage: bench/scale.sh [OPTION...]

Builds quern, draws trees of digits of several sizes, and measures on each the time for an image of
  ingest   quern-ingest from the tree of PNG files to a durable store, files in the page cache
  load     opening the store, checking it, and reading train into memory
  epoch    training the linear model, batch size 256
and the peak memory of quern-ingest.  Prints a table and draws it.  In each turn every size is
measured, small ones several times; figures are medians over the turns.  A size's growth is
the median over the turns of its time for an image, divided by that of the smallest size.

Options:
  --sizes N,N,...      images, train and valid together (default: 10000,100000,1000000; a million
                       take 5 GB of disk and as much memory, for its page cache, and minutes)
  --repeats N          turns (default: 5)
  --work-dir DIR       a folder to draw in; what is written there is removed (default: in the
                       build folder)
  --plot FILE.svg      the drawing (default: BUILD_DIR/bench/scale.svg)
  --results FILE       the single measurements as tab-separated values (default:
                       BUILD_DIR/bench/scale.tsv)
  --build-dir DIR      a build with -DQUERN_BENCH=ON, instead of building (default:
                       build/release)
  --markdown           print the table in Markdown
  --help               print this help and exit

Exit status: 0 measured, whatever the figures are; 1 something failed; 2 wrong arguments;
69 packages are missing; 74 cannot write.
EOF2
}

# ---- One size ----------------------------------------------------------------------------------

# A tenth of the images are for validation.  The first ingest warms the page cache.
draw_tree() {
    setup_say "drawing $1 images"
    run_timed "$programs/quern-draw" "$work/tree-$1" --train $(($1 * 9 / 20)) --valid $(($1 / 20))
    run_timed "$programs/quern-ingest" "$work/tree-$1" "$work/store-$1.h5" --threads "$num_threads"
}

# Appends a line: size, turn, seconds of ingest, load and epoch, bytes of ingest's peak memory, and
# the images that each of the three handles.
measure_size() {
    size=$1 num_runs=$((runs_for / $1))
    [ "$num_runs" -ge 1 ] || num_runs=1
    [ "$num_runs" -le 9 ] || num_runs=9
    : >"$work/ingests"
    while [ "$(wc -l <"$work/ingests")" -lt "$num_runs" ]; do
        rm -f -- "$work/ingest.h5"
        run_timed "$programs/quern-ingest" "$work/tree-$size" "$work/ingest.h5" \
            --threads "$num_threads"
        cat -- "$work/stopwatch" >>"$work/ingests"
    done
    ingest_seconds=$(cut -f 1 "$work/ingests" | median)
    ingest_nbytes=$(cut -f 4 "$work/ingests" | sort -n | tail -n 1)
    load_seconds=$(load_split "$work/store-$size.h5") || exit 1
    epoch_seconds=$(quern_epoch "$work/store-$size.h5" "$num_threads" 256) || exit 1
    train_per_class=$((size * 9 / 20)) valid_per_class=$((size / 20))
    printf '%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n' "$size" "$2" "$ingest_seconds" "$load_seconds" \
        "$epoch_seconds" "$ingest_nbytes" $((2 * (train_per_class + valid_per_class))) \
        $((2 * train_per_class)) >>"$work/measured.tsv"
}

clean_up() {
    [ -z "$work" ] || setup_say "removing $work"
}

# ---- Arguments ---------------------------------------------------------------------------------

check_sizes() {
    sizes=$(echo "$1" | tr ',' '\n' | sort -n | uniq | tr '\n' ' ')
    for size in $sizes; do
        case $size in 0* | *[!0-9]*) fail 2 "--sizes: $size is no number from 1" ;; esac
        [ "$size" -ge 1000 ] || fail 2 "--sizes: $size images are too few to measure (from 1000)"
    done
}

num_threads=2 runs_for=100000
sizes='10000 100000 1000000' repeats=5 build_dir='' work_dir='' plot='' results='' format=text
while [ $# -gt 0 ]; do
    case $1 in
    --help)
        usage
        exit 0
        ;;
    --markdown) format=markdown ;;
    --sizes | --repeats | --work-dir | --plot | --results | --build-dir)
        [ -n "${2:-}" ] || fail 2 "option $1 needs a value"
        case $1 in
        --sizes) check_sizes "$2" ;;
        --repeats)
            repeats=$2
            case $repeats in 0* | *[!0-9]*) fail 2 "--repeats needs a number from 1" ;; esac
            ;;
        --work-dir) work_dir=$2 ;;
        --plot) plot=$2 ;;
        --results) results=$2 ;;
        --build-dir) build_dir=$2 ;;
        esac
        shift
        ;;
    *) fail 2 "unknown argument $1 (--help lists them)" ;;
    esac
    shift
done

build_benchmarks "$build_dir"
make_work_folder "${work_dir:-$benches}"
for size in $sizes; do
    draw_tree "$size"
done
setup_say "waiting until all is on disk"
sync
describe_machine >"$work/machine"
: >"$work/measured.tsv"
for turn in $(seq "$repeats"); do
    for size in $sizes; do
        setup_say "turn $turn of $repeats: $size images"
        measure_size "$size" "$turn"
    done
done
plot=${plot:-$benches/scale.svg}
awk -v format="$format" -v plot="$plot" -f "$here/scale.awk" "$work/machine" "$work/measured.tsv" ||
    exit
cat -- "$work/machine" "$work/measured.tsv" >"${results:-$benches/scale.tsv}" || exit 74
setup_say "drawn in $plot"
