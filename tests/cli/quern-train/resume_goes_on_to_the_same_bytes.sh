make_store store.h5
train() {
    quern-train store.h5 --recipe lesson --epochs 4 --batch-size 2 --momentum 0.9 "$@"
}
train --output whole >/dev/null
# As a kill after the second epoch leaves it.
mkdir cut
cp whole/epoch-0000.h5 whole/epoch-0001.h5 whole/epoch-0002.h5 cut
train --output cut --resume
for epoch in 0 1 2 3 4; do
    cmp whole/epoch-000$epoch.h5 cut/epoch-000$epoch.h5
done
