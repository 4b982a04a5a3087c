#!/bin/sh
# Runs the programs of one folder of examples/ on stores and runs that are drawn and trained here, gray and colour,
# and checks what they find against what the programs of quern say.
#
# Usage: run.sh h5py|pytorch|pandas|r
#
# Needs $QUERN_BIN and $QUERN_SOURCE.  Skipped (77) where the language or a library is missing: Python's are looked
# for in $QUERN_EXAMPLES_PYTHON, $QUERN_PYTHON and python3, in this order.
set -eu

examples=$QUERN_SOURCE/examples
PATH=$QUERN_BIN:$PATH
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

# find_python MODULE...: sets $python to one that has them, or ends the test as skipped.
find_python() {
    modules=$(echo "$@" | tr ' ' ',')
    for python in "${QUERN_EXAMPLES_PYTHON:-}" "${QUERN_PYTHON:-}" python3; do
        if [ -n "$python" ] && "$python" -c "import $modules" 2>/dev/null; then
            echo "ran with $python"
            return
        fi
    done
    echo "skipped: no python3 has $modules"
    exit 77
}

# expect TEXT FILE: the file must hold the text.
expect() {
    grep -qF -- "$1" "$2" || {
        echo "expected '$1' in $2, which holds:"
        cat "$2"
        exit 1
    }
}

# accuracy_of RUN STORE: "N of M", of the valid split, as quern-evaluate counts; writes RUN.eval.h5.
accuracy_of() {
    quern-evaluate "$1" "$2" --output "$1.eval.h5" --json >"$1.json" 2>/dev/null
    # The first of each are of all classes together.
    correct=$(grep -o '"correct":[0-9]*' "$1.json" | head -n 1)
    total=$(grep -o '"total":[0-9]*' "$1.json" | head -n 1)
    echo "${correct#*:} of ${total#*:}"
}

make_data() {
    {
        quern-draw gray --classes 1,3,7 --train 300 --valid 60 --seed 3
        quern-draw colour --rgb --train 60 --valid 20
        quern-ingest gray gray.h5
        quern-ingest colour colour.h5
        quern-train gray.h5 --output linear --recipe lesson --epochs 5
        quern-train colour.h5 --output linear2 --model linear --epochs 3
        quern-train gray.h5 --output network --epochs 2 --average 0.9 \
            --layers "conv:8 norm relu pool res(conv:8 norm relu conv:8 norm) leaky:0.1 dense:16 relu dropout:0.2"
        quern-train colour.h5 --output network2 --epochs 2 --layers "conv:8:5:s2 norm relu pool avgpool"
    } >made.log 2>&1 || {
        cat made.log
        exit 1
    }
}

run_h5py() {
    find_python h5py numpy
    make_data
    for store in gray colour; do
        "$python" "$examples/h5py/look_at_store.py" $store.h5 valid 5 >look
        expect "of 7" look
        expect "valid/" look
        "$python" "$examples/h5py/mean_images.py" $store.h5 >means
        grep -q "differ from the stored ones by [0-9.]*e-0[89] at most" means
        # The same nearest means as quern-train's.
        for distance in l1 l2; do
            quern-train $store.h5 --output $store-$distance --model nearest-mean --distance $distance >/dev/null 2>&1
            counts=$(accuracy_of $store-$distance $store.h5)
            expect "$distance: $(echo "$counts" | awk '{ printf "%.4f", $1 / $3 }') of valid" means
        done
    done
    "$python" "$examples/h5py/history.py" linear/epoch-0005.h5 >history
    expect "linear/weight (3, 784)" history
    expect "model = linear" history
    tail -n 1 history >last
    expect "$(tail -n 5 linear/log.jsonl | sed -n 's/.*"event":"epoch".*"valid_accuracy":\([0-9.]\{6\}\).*/\1/p' | tail -n 1)" last
}

run_pytorch() {
    find_python h5py torch
    make_data
    for run in linear:gray:5 linear2:colour:3 network:gray:2 network2:colour:2; do
        name=${run%%:*} store=${run#*:}
        store=${store%:*}.h5
        counts=$(accuracy_of "$name" "$store")
        "$python" "$examples/pytorch/network.py" "$name/epoch-000${run##*:}.h5" "$store" "$name.eval.h5" >found || {
            cat found
            exit 1
        }
        expect "accuracy $counts," found
    done
    for workers in 0 2; do
        "$python" "$examples/pytorch/store_dataset.py" gray.h5 $workers >found
        expect "900 images by $workers workers" found
        "$python" "$examples/pytorch/store_dataset.py" colour.h5 $workers >found
        expect "120 images by $workers workers" found
    done
}

run_pandas() {
    find_python pandas
    make_data
    echo "no image" >gray/valid/3/broken.png
    code=0
    quern-predict linear gray/valid --csv predictions.csv 2>/dev/null || code=$?
    [ "$code" -eq 65 ]
    "$python" "$examples/pandas/runs.py" linear network predictions.csv >found
    expect "181 images, 1 of them could not be read" found
    for run in linear network; do
        quern-evaluate $run gray.h5 --select best --json >best.json 2>/dev/null
        best=$(grep -o '"accuracy":[0-9.]*' best.json | head -n 1 | awk -F : '{ printf "%.4f", $2 }')
        grep "^$run " found >row
        expect "$best" row
    done
}

run_r() {
    command -v Rscript >/dev/null || { echo "skipped: no Rscript"; exit 77; }
    Rscript -e 'library(hdf5r)' >/dev/null 2>&1 || { echo "skipped: R has no hdf5r"; exit 77; }
    echo "ran with $(command -v Rscript)"
    make_data
    for store in gray colour; do
        Rscript "$examples/r/look_at_store.R" $store.h5 $store.png >found
        expect "differs from the stored mean by" found
        [ -s $store.png ]
    done
    expect "dimensions in R: 3 28 28 120" found
}

case ${1:-} in
h5py | pytorch | pandas | r) "run_$1" ;;
*)
    echo "Usage: run.sh h5py|pytorch|pandas|r" >&2
    exit 2
    ;;
esac
