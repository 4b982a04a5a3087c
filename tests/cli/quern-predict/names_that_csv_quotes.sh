make_store store.h5
quern-train store.h5 --output run --model nearest-mean >/dev/null
image black 'a, "b".png'
quern-predict run/epoch-0001.h5 'a, "b".png'
