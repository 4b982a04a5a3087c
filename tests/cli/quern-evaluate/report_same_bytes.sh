# A report has the same bytes for any number of threads, in memory or streamed, and nothing is printed but the tables.
quern-draw --classes 3,7,8 --train 60 --valid 90 tree >/dev/null
quern-ingest tree store.h5 >/dev/null
quern-train store.h5 --output run --model mlp --hidden 8 --epochs 2 >/dev/null
quern-evaluate run store.h5 --report report.html --threads 1 >one.txt
quern-evaluate run store.h5 >plain.txt
cmp one.txt plain.txt
cp report.html one.html
quern-evaluate run store.h5 --report report.html --threads 3 >/dev/null
cmp one.html report.html
quern-evaluate run store.h5 --report report.html --memory-limit 2M >/dev/null
cmp one.html report.html
mkdir elsewhere
TZ=Pacific/Auckland LC_ALL=C quern-evaluate run store.h5 --report report.html >/dev/null
cmp one.html report.html
head -1 report.html
