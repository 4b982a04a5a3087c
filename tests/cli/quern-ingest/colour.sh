make_tree tree
image red tree/train/day/red.png
quern-ingest tree auto.h5
quern-ingest --channels gray tree gray.h5
rm tree/train/day/red.png
quern-ingest --channels rgb tree rgb.h5
