# Each option alone leaves a run that learns.
quern-draw digits --classes 0,1,2,3 --train 100 --valid 50 --size 16x16 >/dev/null
quern-ingest digits store.h5 >/dev/null
for option in '--model linear' '--model mlp' '--model cnn' '--loss mae' '--optimizer sgd' '--optimizer adam' \
    '--input unit' '--schedule constant' '--batch-size 256' '--learning-rate .002'; do
    # shellcheck disable=SC2086 # an option and its value
    quern-train store.h5 --output run --force --epochs 20 $option >out
    awk -v option="$option" '$1 == "20/20" { accuracy = $4 }
        END { if (accuracy < .85) { print option ": " accuracy; exit 1 } }' out
done
