make_store store.h5
quern-train store.h5 --recipe lesson --output run --model nearest-mean --distance l2 >/dev/null
quern-evaluate run/epoch-0001.h5 --image tree/valid/day/1.png tree/valid/day/dusk.png
# A colour image is turned into gray, as at ingestion.
quern-evaluate run/epoch-0001.h5 --image "$images/red.png" | sed 's|^/.*/||'
