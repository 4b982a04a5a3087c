#!/bin/sh
# What quern-train chooses by itself gives good models, and one option alone leaves a run that learns.
set -eu

PATH=${QUERN_BIN:?the programs are not named}:$PATH
work=$(mktemp -d)
trap 'rm -rf -- "$work"' EXIT
cd "$work"

# Ten drawn digits and coloured ones, with nothing but a store.
for set in 'digits 0.97 --train 60 --valid 30 --classes 0,1,2,3,4,5,6,7,8,9' \
    'colour 0.93 --train 40 --valid 30 --classes 1,2,4,7,8 --rgb --size 32x32'; do
    # shellcheck disable=SC2086 # words
    set -- $set
    name=$1 least=$2
    shift 2
    quern-draw "$name" "$@" >/dev/null
    quern-ingest "$name" "$name.h5" >/dev/null
    quern-train "$name.h5" --output "$name-run" >out
    quern-evaluate "$name-run" "$name.h5" --json 2>/dev/null | sed 's/.*"accuracy":\([0-9.]*\),"mean.*/\1/' |
        awk -v name="$name" -v least="$least" '$1 < least { print name ": " $1 " is less than " least; exit 1 }'
done

# Each option alone leaves a run that learns.
quern-draw four --classes 0,1,2,3 --train 100 --valid 50 --size 16x16 >/dev/null
quern-ingest four store.h5 >/dev/null
for option in '--model linear' '--model mlp' '--model cnn' '--loss mae' '--optimizer sgd' '--optimizer adam' \
    '--input unit' '--schedule constant' '--batch-size 256' '--learning-rate .002'; do
    # shellcheck disable=SC2086 # an option and its value
    quern-train store.h5 --output run --force --epochs 20 $option >out
    awk -v option="$option" '$1 == "20/20" { accuracy = $4 }
        END { if (accuracy < .85) { print option ": " accuracy; exit 1 } }' out
done
