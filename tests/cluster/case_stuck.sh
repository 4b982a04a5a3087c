# A training that is stopped at every start before it has done anything: the chain ends.
# shellcheck shell=sh disable=SC2154
mkdir programs
printf '%s\n' '#!/bin/sh' 'exit 75' >programs/quern-train
printf '%s\n' '#!/bin/sh' 'exit 0' >programs/quern-evaluate
chmod +x programs/*
"$QUERN_SOURCE/jobs/slurm/submit.sh" --programs programs --work-dir work --store "$cluster/store.h5" \
    --from train >ids
id=$(sed -n 's/^train //p' ids)
expect_state "$id" FAILED
expect_restarts "$id" 2
expect_text "work/logs/train-$id.log" '3 starts in a row made no progress'
expect_state "$(sed -n 's/^evaluate //p' ids)" CANCELLED
