# Is train/ a split or a class?  Either is possible, so the run asks.
image black vehicles/train/1.png
image dark vehicles/train/2.png
image white vehicles/bus/1.png
image light vehicles/bus/2.png
image dark vehicles/car/1.png
expect 2 quern-ingest vehicles store.h5
expect 2 quern-ingest --valid-fraction 0 vehicles store.h5
expect 2 quern-ingest --layout classes vehicles store.h5
quern-ingest --layout classes --valid-fraction 0 vehicles store.h5
expect 65 quern-ingest --layout splits vehicles other.h5
ls -A
