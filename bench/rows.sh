# Sourced by run.sh: what each row of the table is, and how both of its sides are measured.
# shellcheck shell=sh disable=SC2034,SC2154

all_rows='ingest-pil ingest-opencv ingest-tar ingest-jpeg-pil ingest-jpeg-opencv load epoch-slices epoch-gather
epoch-loader epoch-limit two-at-once threads-256 threads-4096 process process-each evaluate
mlp-30 mlp-512 mlp-1024 cnn-64 cnn-256 cifar-128 evaluate-cnn predict-cnn
threads-mlp-512 threads-mlp-1024 threads-cnn-64 threads-cnn-256 threads-cifar-128 augment-cnn'

# describe_row ROW: what its sides do, the target of their ratio, and the commands that measure
# them; each of these prints the seconds that it took.
describe_row() {
    row_name=$1
    peer_script='' limit=least notes=''
    case $1 in
    ingest-pil)
        row_is 25 "PNG tree to durable store" "the lesson's PIL loop, decoding only"
        we_measure ingest "$tree"
        peer_is pil_loop.py "numpy PIL torch h5py" "$tree" "$store"
        ;;
    ingest-opencv)
        row_is 4 "PNG tree to durable store" "cv2.imread loop, decoding only"
        we_measure ingest "$tree"
        peer_is opencv_loop.py "numpy cv2 h5py" "$tree" "$store"
        notes=floor_of_ingest
        ;;
    ingest-tar)
        row_is 1.3 "the same from a .tar" "from the tree"
        we_measure ingest "$tar_archive"
        they_measure ingest "$tree"
        ;;
    ingest-jpeg-pil)
        row_is - "JPEG tree to durable store" "PIL loop, decoding only"
        we_measure ingest "$work/jpeg"
        peer_is pil_loop.py "numpy PIL torch h5py" "$work/jpeg" "$work/jpeg.h5"
        ;;
    ingest-jpeg-opencv)
        row_is - "JPEG tree to durable store" "cv2.imread loop, decoding only"
        we_measure ingest "$work/jpeg"
        peer_is opencv_loop.py "numpy cv2 h5py" "$work/jpeg" "$work/jpeg.h5" colour
        ;;
    load)
        row_is 4 "load a split into memory" "h5py, the same store"
        we_measure load_split "$store"
        peer_is h5py_read.py "h5py numpy" "$store"
        ;;
    epoch-slices)
        row_is 60 "linear epoch, batch 256" "PyTorch, slices of tensors"
        we_measure epoch "$num_threads" 256
        peer_is torch_epoch.py "torch numpy h5py" "$store" slices
        ;;
    epoch-gather) # What takes PyTorch less time: not asked of us, but worth knowing.
        row_is - "linear epoch, batch 256" "PyTorch, gathering each batch"
        we_measure epoch "$num_threads" 256
        peer_is torch_epoch.py "torch numpy h5py" "$store" gather
        ;;
    epoch-loader)
        row_is 100 "linear epoch, batch 256" "the lesson's DataLoader loop"
        we_measure epoch "$num_threads" 256
        peer_is torch_epoch.py "torch numpy h5py" "$store" loader
        ;;
    epoch-limit)
        row_is 2 "linear epoch, one thread" "bare loop of its conversions and FMAs"
        limit=most
        we_measure kernels_epoch
        they_measure kernels_bare_loop
        ;;
    two-at-once) # What the machine gives two threads that share nothing.
        row_is - "two trainings at once, half an epoch" "one, an epoch, each on one thread"
        we_measure half_epoch_of_two 256
        they_measure epoch 1 256
        ;;
    threads-256)
        row_is 1.6 "linear epoch, batch 256, two threads" "one thread"
        we_measure epoch 2 256
        they_measure epoch 1 256
        ;;
    threads-4096)
        row_is 1.9 "linear epoch, batch 4096, two threads" "one thread"
        we_measure epoch 2 4096
        they_measure epoch 1 4096
        ;;
    process) # As durable as the script is: it flushes the last of its checkpoints.
        row_is 40 "20 epochs as a process, last durable" "the Python script, imports included"
        we_measure train_process 20
        peer_is lesson_script.py "torch numpy h5py"
        they_measure lesson_process
        notes=compare_accuracies
        ;;
    process-each) # What is done without being asked for less.
        row_is - "20 epochs as a process, each durable" "the Python script, imports included"
        we_measure train_process 1
        peer_is lesson_script.py "torch numpy h5py"
        they_measure lesson_process
        notes=compare_accuracies
        ;;
    evaluate)
        row_is 5 "evaluate, linear" "PyTorch, the same images in memory"
        we_measure kernels_evaluate
        peer_is torch_evaluate.py "torch numpy h5py" "$store"
        ;;
    mlp-30) network_row 5 256 ;;
    mlp-512) network_row 1.5 256 ;;
    mlp-1024) network_row 1.3 256 ;;
    cnn-64) network_row 2.5 64 ;;
    cnn-256) network_row 2.5 256 ;;
    cifar-128) network_row 1.0 128 ;;
    evaluate-cnn)
        row_is 2.5 "evaluate as a process, conv16 pool conv32 pool dense128" "PyTorch, images in memory"
        we_measure network_evaluate cnn
        peer_is torch_network.py "torch numpy h5py" "$store" 256 "$(network_layers cnn)" evaluate
        ;;
    predict-cnn)
        row_is - "PNG tree to a CSV file, conv16 pool conv32 pool dense128" "PyTorch loop over PIL"
        we_measure network_predict cnn
        peer_is torch_predict.py "torch numpy PIL" "$tree" "$(network_layers cnn)"
        ;;
    threads-*-*)
        row_is 1.8 "epoch, ${1#threads-}, two threads" "one thread"
        we_measure network_epoch "${1#threads-}" 2
        they_measure network_epoch "${1#threads-}" 1
        ;;
    augment-cnn) # What drawing the images anew costs, on the threads that train.
        row_is - "epoch, cnn-64, --augment digits" "without"
        we_measure network_augmented cnn-64 2
        they_measure network_epoch cnn-64 2
        ;;
    *) return 1 ;;
    esac
}

# network_row TARGET BATCH_SIZE, of the row $1 was describe_row's: named after its network.
network_row() {
    row_is "$1" "epoch, $(network_title "$row_name"), batch $2" "PyTorch, the better of its layouts and threads"
    we_measure network_epoch "$row_name" "$num_threads"
    peer_is torch_network.py "torch numpy h5py" "$(network_store "$row_name")" "$2" \
        "$(network_layers "$row_name")" epoch
}

network_title() {
    case $1 in
    mlp-30) echo "MLP 30" ;;
    mlp-512) echo "MLP 512" ;;
    mlp-1024) echo "MLP 1024" ;;
    cnn-*) echo "conv16 pool conv32 pool dense128" ;;
    cifar-*) echo "conv 32 32 pool 64 64 pool 128 128 pool dense256, 32x32 RGB" ;;
    esac
}

# network_layers NAME: the text of its layers.
network_layers() {
    case $1 in
    mlp-*) echo "dense:${1#mlp-} relu" ;;
    cnn*) echo "conv:16 relu pool conv:32 relu pool dense:128 relu" ;;
    cifar*)
        echo "conv:32 relu conv:32 relu pool conv:64 relu conv:64 relu pool" \
            "conv:128 relu conv:128 relu pool dense:256 relu"
        ;;
    esac
}

network_batch_size() {
    case $1 in
    mlp-*) echo 256 ;;
    *) echo "${1##*-}" ;;
    esac
}

network_store() {
    case $1 in
    cifar*) echo "$work/colour.h5" ;;
    *) echo "$store" ;;
    esac
}

is_row() {
    for known in $all_rows; do
        [ "$1" != "$known" ] || return 0
    done
    return 1
}

describe_rows() {
    for known in $all_rows; do
        describe_row "$known"
        printf '  %-20s %s / %s\n' "$known" "$ours" "$theirs"
    done
}

# row_is TARGET OURS THEIRS; - for no target.
row_is() {
    target=$1 ours=$2 theirs=$3
}

# The words of these commands are parameters without spaces, and $1 of those that have any.
we_measure() {
    our_function=$1 our_first=${2:-} our_second=${3:-}
}

they_measure() {
    their_function=$1 their_first=${2:-} their_second=${3:-}
}

# peer_is SCRIPT MODULES [ARGUMENT...]: the peer is asked for its seconds.
peer_is() {
    peer_script=$1 peer_modules=$2 peer_first=${3:-} peer_second=${4:-} peer_third=${5:-} peer_fourth=${6:-}
    they_measure ask_peer
}

measure_ours() {
    "$our_function" "$our_first" "$our_second"
}

measure_theirs() {
    "$their_function" "$their_first" "$their_second"
}

# ---- Both sides' work --------------------------------------------------------------------------

# ingest SOURCE: to a new store; the old one is removed first, which is not timed.
ingest() {
    rm -f -- "$work/ingest.h5"
    stopwatch "$programs/quern-ingest" "$1" "$work/ingest.h5" --threads "$num_threads"
}

# epoch THREADS BATCH_SIZE
epoch() {
    quern_epoch "$store" "$1" "$2"
}

# network_epoch NAME THREADS [OPTION...]: the median of three epochs, by quern-train's log.
network_epoch() {
    network=$1 threads=$2
    shift 2
    rm -rf -- "$work/run"
    run_timed "$programs/quern-train" "$(network_store "$network")" --recipe lesson --output "$work/run" \
        --layers "$(network_layers "$network")" --learning-rate 0.05 --momentum 0.9 --epochs 3 \
        --checkpoint-every 3 --threads "$threads" --batch-size "$(network_batch_size "$network")" "$@"
    epoch_median "$work/run"
}

network_augmented() {
    network_epoch "$1" "$2" --augment digits
}

# Ten classes of 32x32 colour images, as many as CIFAR-10 has.
make_colour_store() {
    [ ! -f "$work/colour.h5" ] || return 0
    stopwatch "$programs/quern-draw" "$work/colour" --rgb --size 32x32 \
        --classes 0,1,2,3,4,5,6,7,8,9 --train "$colour_per_class" --valid 100 >/dev/null
    "$programs/quern-ingest" "$work/colour" "$work/colour.h5" >"$work/ingest.log" 2>&1 ||
        fail 1 "cannot ingest the drawn colour images"
    rm -rf -- "$work/colour"
}

# Colour JPEG images of 32x32: those of CIFAR-10 where QUERN_CIFAR10 names its archive, else drawn
# ones that PIL writes; false without either.
make_jpeg_tree() {
    [ ! -f "$work/jpeg.h5" ] || return 0
    mkdir -p -- "$work/jpeg"
    if [ -n "${QUERN_CIFAR10:-}" ]; then
        tar -xf "$QUERN_CIFAR10" --strip-components=1 --no-same-owner -C "$work/jpeg" ||
            fail 1 "$QUERN_CIFAR10: cannot be unpacked"
    else
        stopwatch "$programs/quern-draw" "$work/drawn" --rgb --size 32x32 \
            --classes 0,1,2,3,4,5,6,7,8,9 --train "$colour_per_class" --valid 100 >/dev/null
        "$python" -B "$here/peers/make_jpegs.py" "$work/drawn" "$work/jpeg" 2>"$work/stderr" || {
            setup_say "row $row left out: there is no PIL to write JPEG files, and no QUERN_CIFAR10"
            rm -rf -- "$work/drawn"
            return 1
        }
        rm -rf -- "$work/drawn"
    fi
    "$programs/quern-ingest" "$work/jpeg" "$work/jpeg.h5" --threads "$num_threads" \
        >"$work/ingest.log" 2>&1 || fail 1 "cannot ingest the JPEG images"
}

# Trains the network that is evaluated, for one epoch, if it is not there yet.
network_make() {
    [ ! -f "$work/evaluated/epoch-0001.h5" ] || return
    run_timed "$programs/quern-train" "$store" --recipe lesson --output "$work/evaluated" \
        --layers "$(network_layers "$1")" --epochs 1 --threads "$num_threads"
}

# network_evaluate NAME: a whole process, which opens, checks and decompresses first.
network_evaluate() {
    network_make "$1"
    stopwatch "$programs/quern-evaluate" "$work/evaluated/epoch-0001.h5" "$store" \
        --threads "$num_threads"
}

network_predict() {
    network_make "$1"
    stopwatch "$programs/quern-predict" "$work/evaluated/epoch-0001.h5" "$tree" \
        --csv "$work/predictions.csv" --threads "$num_threads"
}

# half_epoch_of_two BATCH_SIZE: of the slower one.
half_epoch_of_two() {
    rm -rf -- "$work/other"
    "$programs/quern-train" "$store" --recipe lesson --output "$work/other" --epochs 20 --checkpoint-every 20 \
        --threads 1 --batch-size "$1" >"$work/other.log" 2>&1 &
    other=$!
    seconds=$(quern_epoch "$store" 1 "$1") || exit 1
    wait "$other" || fail 1 "failed: $(tail -n 1 "$work/other.log")"
    {
        echo "$seconds"
        epoch_median "$work/other"
    } | awk '$1 > most { most = $1 } END { print most / 2 }'
}

# Both in turn in one process, for the best instruction set of this CPU.
kernels_epoch() {
    bench_kernels --store "$store" --threads 1 ceiling
    kernels_median 'ceiling/.*/epoch'
}

kernels_bare_loop() {
    kernels_median 'ceiling/.*/bare-loop'
}

# On one thread or two, whichever takes less time, as the peer.
kernels_evaluate() {
    bench_kernels --store "$store" --threads "$num_threads" evaluate
    kernels_median 'evaluate/linear/[12]'
}

bench_kernels() {
    "$benches/kernels" --repeats "$kernels_repeats" "$@" >"$work/kernels" || fail 1 "failed: kernels $*"
}

# kernels_median PATTERN: the seconds of the line "NAME MEDIAN ms best BEST", the least of several.
kernels_median() {
    awk -v pattern="^$1\$" '
        $1 ~ pattern && $3 == "ms" && (!found || $2 < found) { found = $2 }
        END { print found / 1e3; exit !found }' "$work/kernels" ||
        fail 1 "kernels did not print $1"
}

# train_process EVERY: from start to the last durable checkpoint, of one after so many epochs.
train_process() {
    rm -rf -- "$work/run"
    stopwatch "$programs/quern-train" "$store" --recipe lesson --output "$work/run" --epochs 20 \
        --checkpoint-every "$1" --threads "$num_threads"
}

lesson_process() {
    rm -rf -- "$work/lesson"
    mkdir -- "$work/lesson"
    OMP_NUM_THREADS=$num_threads stopwatch \
        "$python" -B "$here/peers/lesson_script.py" "$store" "$work/lesson"
}

# What the libraries alone would take; only for gray images, which the lesson's are.
floor_of_ingest() {
    "$benches/floor" "$tree" 2>"$work/stderr" | tail -n 1 || cat -- "$work/stderr"
}

# After both: what each says of the validation images.
compare_accuracies() {
    printf 'accuracy after 20 epochs: ours %s' \
        "$(sed -n '/"epoch":20,.*"valid_accuracy"/s/.*"valid_accuracy":\([0-9.]\{1,6\}\).*/\1/p' \
            "$work/run/log.jsonl")"
    [ -n "$missing" ] || printf ', theirs %s' "$(sed -n 's/^epoch 20:.*accuracy //p' "$work/stderr")"
}
