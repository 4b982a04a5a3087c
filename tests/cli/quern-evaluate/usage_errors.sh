make_store store.h5
quern-train store.h5 --recipe lesson --output run --model nearest-mean >/dev/null
expect 2 quern-evaluate
expect 2 quern-evaluate run
expect 2 quern-evaluate run '' store.h5
expect 2 quern-evaluate run store.h5 --no-such-option
expect 2 quern-evaluate run store.h5 --split
expect 2 quern-evaluate run store.h5 --split dev
expect 2 quern-evaluate run store.h5 --threads 0
expect 2 quern-evaluate run store.h5 --threads two
expect 2 quern-evaluate run store.h5 --json=yes
expect 2 quern-evaluate run store.h5 --output ''
expect 2 quern-evaluate run store.h5 --memory-limit 1.5G
expect 2 quern-evaluate run store.h5 --out evaluation.h5
expect 2 quern-evaluate run store.h5 --workers 2
expect 2 quern-evaluate run store.h5 --verif quick
expect 2 quern-evaluate run store.h5 --split validation
expect 2 quern-evaluate run store.h5 --output --json
expect 2 quern-evaluate run store.h5 --force
