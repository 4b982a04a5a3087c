# Several checkpoints on the samples of one split: a table, a list of objects, a report that compares them.
quern-draw --classes 3,7 --train 80 --valid 40 --seed 4 tree >/dev/null
quern-ingest tree store.h5 >/dev/null
quern-train store.h5 --output means --model nearest-mean >/dev/null
quern-train store.h5 --output lesson --recipe lesson --epochs 3 >/dev/null
quern-evaluate means lesson lesson/epoch-0001.h5 store.h5
quern-evaluate means lesson store.h5 --json 2>/dev/null | grep -o '^.\|"checkpoint":"[^"]*"\|"correct":[0-9]*,"total":[0-9]*,"unknown'
# Each object is what one checkpoint alone gives.
quern-evaluate means lesson store.h5 --json 2>/dev/null | sed 's/^[[,]//' | head -1 >first.json
quern-evaluate means store.h5 --json 2>/dev/null | cmp - first.json
quern-evaluate means lesson store.h5 --report report.html >/dev/null
sed -n 's/.*<h1>\(.*\)<\/h1>.*/\1/p; s/.*The best is <b>\(.*\)<\/b>.*/\1/p' report.html
# The row of the worse run: its accuracy, how far it is below the best's, and the p-value of McNemar's test.
grep -o 'class="name">lesson</th>.*' report.html | head -1 | sed 's/<[^>]*>/ /g; s/  */ /g'
expect 2 quern-evaluate means lesson store.h5 --output evaluation.h5
expect 2 quern-evaluate means lesson store.h5 --bootstrap 100
expect 2 quern-evaluate means '' store.h5
expect 74 quern-evaluate means missing store.h5
