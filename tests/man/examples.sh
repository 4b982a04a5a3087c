#!/bin/sh
# Runs the examples of a manual page, from top to bottom, in a folder that has the files they speak
# of.  Launchers and schedulers have stand-ins: srun and mpirun start one process, sbatch takes the
# job and starts nothing.
#
# Usage: examples.sh PAGE, with QUERN_BIN and QUERN_SOURCE
# Exit status: 0 all of them ended with 0, 1 not.
set -u

page=$QUERN_SOURCE/docs/man/$1.1
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
mkdir "$work/bin" "$work/folder" && cd "$work/folder" || exit 1
PATH=$work/bin:$QUERN_BIN:$PATH
export PATH
unset SLURM_JOB_ID SLURM_NTASKS SLURM_STEP_NUM_TASKS OMP_NUM_THREADS

# stand_in NAME LINE...
stand_in() {
    name=$work/bin/$1
    shift
    printf '%s\n' '#!/bin/sh' "$@" >"$name"
    chmod +x "$name"
}

for launcher in srun mpirun; do
    # shellcheck disable=SC2016
    stand_in $launcher 'while :; do case $1 in -[nN]) shift 2 ;; -*) shift ;; *) exec "$@" ;; esac; done'
done
stand_in sbatch 'echo 1'
stand_in scancel ''
# What is not installed shows that the pipe before it works.
command -v jq >/dev/null || stand_in jq 'cat'
command -v h5dump >/dev/null || stand_in h5dump ''

# The examples: verbatim lines of the section, as roff prints them.
sed -n '/^\.SH EXAMPLES/,/^\.SH SEE/p' "$page" |
    sed -n -e '/^\.EX/,/^\.EE/{' -e '/^\.E[XE]/d' -e 's/\\-/-/g' -e "s/\\\\(aq/'/g" -e 's/\\(dq/"/g' \
        -e 's/\\&//g' -e 's/\\e/\\/g' -e 'p' -e '}' >"$work/script"
[ -s "$work/script" ] || { echo "$1.1 has no examples"; exit 1; }

prepare() {
    set -e
    quern-draw digits --train 8 --valid 4 --test 4 --size 12x12
    quern-draw other --classes 1,2,4 --train 8 --valid 4 --size 12x12
    cp -r digits mnist_sample
    cp -r digits/train photos
    cp -r digits/test/3 inbox
    # Folders of classes with files patient0000.png and so on.
    cp -r digits/train scans
    for image in scans/*/*.png; do
        mv "$image" "$(dirname "$image")/patient${image##*/00}"
    done
    (cd photos && ls ./*/*.png) | sed 's,^\./\(.\)\(.*\),\1\2\,class \1,' >labels.csv
    cp digits/test/3/000000.png digits/test/3/10000.png
    quern-ingest digits digits.h5
    quern-ingest digits store.h5
    quern-ingest other other.h5
    quern-train digits.h5 --output first --epochs 8
    printf '%s\n' 'SOURCE=digits' 'WORK_DIR=work' >digits.settings
    printf '%s\n' 'slow --learning-rate 0.001' 'fast --learning-rate 0.01' >table
    case $page in
    *predict.1 | *evaluate.1)
        mv first run
        cp -r run cnn
        cp -r run mlp
        quern-train digits.h5 --output linear --recipe lesson --epochs 1
        ;;
    *show.1)
        # train/3001 is an example.
        quern-draw digits --force --train 1600 --valid 4 --size 12x12
        quern-ingest --force digits digits.h5
        quern-train digits.h5 --output run --recipe lesson --epochs 5
        mkdir sweep
        cp -r run here
        cp -r run there
        cp -r run sweep/a
        cp -r run sweep/b
        ;;
    *slurm-submit.1) quern-ingest digits work/store.h5 2>/dev/null || { mkdir work && quern-ingest digits work/store.h5; } ;;
    *pipeline.1) ;;
    *quern.1 | *draw.1) rm -rf digits digits.h5 ;;
    esac
}

(prepare) >"$work/log" 2>&1 || { cat "$work/log"; echo "cannot prepare the data"; exit 1; }
sh -eux "$work/script" >"$work/log" 2>&1 </dev/null || {
    code=$?
    cat "$work/log"
    echo "an example of $1.1 ended with $code"
    exit 1
}
