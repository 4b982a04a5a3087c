#!/bin/sh
# Whole runs of quern-train and quern-evaluate by every set of kernels that this processor has, on
# one, two and three threads: the checkpoints and evaluations must be the same bytes.
set -eu
PATH=$QUERN_BIN:$PATH
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
quern-draw gray --classes 0,1,2,3 --train 75 --valid 20 >/dev/null
quern-ingest gray gray.h5 >/dev/null
quern-draw rgb --classes 3,7 --rgb --size 9x11 --train 140 --valid 30 >/dev/null
quern-ingest rgb rgb.h5 >/dev/null

# A name that this processor cannot run is refused with 2.
cpus=
for cpu in baseline avx2 avx512; do
    code=0
    QUERN_CPU=$cpu quern-train gray.h5 --recipe lesson --output none --dry-run >message 2>&1 || code=$?
    case $code in
    0) cpus="$cpus $cpu" ;;
    2) echo "$cpu: not on this processor" ;;
    *)
        cat message
        exit 1
        ;;
    esac
done
case $cpus in *baseline*) ;; *) echo "no baseline"; exit 1 ;; esac

num_compared=0
# compare NAME STORE OPTION...: trains and evaluates in all ways, against the first.
compare() {
    name=$1 store=$2
    shift 2
    for cpu in $cpus; do
        for threads in 1 2 3; do
            run=$name-$cpu-$threads
            QUERN_CPU=$cpu quern-train "$store" --recipe lesson --output "$run" --threads "$threads" "$@" >/dev/null
            QUERN_CPU=$cpu quern-evaluate "$run" "$store" --threads "$threads" \
                --output "$run/evaluation.h5" >/dev/null 2>&1
            rm "$run/log.jsonl" # has times
            [ -d "$name" ] || cp -r "$run" "$name"
            diff -r "$name" "$run"
            rm -r "$run"
            num_compared=$((num_compared + 1))
        done
    done
}
compare mae rgb.h5 --epochs 3 --momentum 0.9 --learning-rate 0.2
compare cross-entropy rgb.h5 --epochs 2 --loss cross-entropy --batch-size 100 --accumulate 2 \
    --weight-decay 0.01
compare softmax gray.h5 --epochs 3 --batch-size 70 --learning-rate 0.1
compare softmax-cross-entropy gray.h5 --epochs 2 --loss cross-entropy --batch-size 33 --momentum 0.5
compare means gray.h5 --model nearest-mean
compare means-l2 rgb.h5 --model nearest-mean --distance l2
echo "the same bytes in $num_compared runs by:$cpus"
