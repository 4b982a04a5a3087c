# Nearest-mean has scores, negative distances, and no probabilities.
make_store store.h5
quern-train store.h5 --output run --model nearest-mean --distance l2 >/dev/null
quern-predict run/epoch-0001.h5 tree/valid/day/1.png tree/valid/day/dusk.png
# A colour image is turned into gray, as at ingestion.
quern-predict run/epoch-0001.h5 "$images/red.png" | sed 's|^/.*/||'
