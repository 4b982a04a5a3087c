# Two evaluations of the same samples; the order of the classes does not matter.
quern-draw --classes 3,5,7 --train 60 --valid 40 digits >/dev/null
quern-ingest digits store.h5 >/dev/null
quern-train store.h5 --output mean --model nearest-mean >/dev/null
quern-train store.h5 --recipe lesson --output linear --epochs 1 --learning-rate 0.001 >/dev/null
quern-evaluate mean store.h5 --output mean.h5 >/dev/null
quern-evaluate linear store.h5 --output linear.h5 >/dev/null
quern-evaluate --compare linear.h5 mean.h5
quern-evaluate --compare linear.h5 mean.h5 --json | grep -o '"difference".*"classes"'
quern-evaluate --compare mean.h5 linear.h5 --json | grep -o '"difference".*"classes"'
quern-evaluate --compare mean.h5 mean.h5 | tail -n 3
