# Patients 1 to 8 of classes day and night: each in one split, whatever the class.
i=0
for patient in 1 2 3 4 5 6 7 8; do
    for class in day night; do
        for shot in a b; do
            i=$((i + 1))
            image "$([ $class = day ] && echo white || echo black)" "scans/$class/p$patient-$shot.png"
        done
    done
done
image dark scans/night/nobody.png
quern-ingest --valid-fraction 0.25 --group-by 'p([0-9])-' --dry-run scans store.h5
quern-ingest --valid-fraction 0.25 --group-by 'p([0-9])-' scans store.h5
for part in 1 2 3; do
    quern-ingest --valid-fraction 0.25 --group-by 'p([0-9])-' --shard $part/3 scans $part.h5
done
quern-ingest --merge merged.h5 1.h5 2.h5 3.h5
cmp store.h5 merged.h5
quern-ingest --valid-fraction 0.25 --group-by 'p[0-9]-' scans store.h5
expect 2 quern-ingest --valid-fraction 0.25 --group-by 'patient' scans none.h5
expect 2 quern-ingest --valid-fraction 0.25 --group-by 'p(' scans none.h5
