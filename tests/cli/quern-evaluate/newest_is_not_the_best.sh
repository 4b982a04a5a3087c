# A run that overfits: the newest epoch is evaluated, and a note names the better one; the report marks it and says by how
# much the newest is behind.
quern-draw --classes 3,7,8 --train 12 --valid 240 --seed 3 tree >/dev/null
quern-ingest tree store.h5 >/dev/null
quern-train store.h5 --output run --model mlp --hidden 32 --learning-rate 0.02 --epochs 30 >train.txt
quern-train store.h5 --output other --model mlp --hidden 16 --learning-rate 0.02 --epochs 24 >/dev/null
text() {
    sed 's/<[^>]*>/ /g; s/  */ /g' "$1"
}

quern-evaluate run store.h5 --report report.html >/dev/null
text report.html | grep -o 'The loss on valid was least after.*'
grep -o 'class="flag[^<]*<' report.html
grep -c 'always one class: 33.33 %' report.html
sed -n 's/.*<th scope="row" class="n">\([12]\)<.*<td class="n">\([^<]*\)<.*/epoch \1: learning rate \2/p' report.html

# No note: --quiet, the best itself, a file by its name, a best.h5 that is gone.
quern-evaluate --quiet run store.h5 >/dev/null
quern-evaluate run store.h5 --select best --report best.html >/dev/null
text best.html | grep -o 'The loss on valid was least after.*'
quern-evaluate run/epoch-0030.h5 store.h5 >/dev/null

# Several: a note of each, the best epoch beside the last, mistakes of all classes with their paths.
quern-evaluate run other store.h5 --report both.html >/dev/null
grep -o 'best [0-9]*</span>' both.html
text both.html | grep -o 'Every run is right.*'
sed -n '/id="mistakes"/,/<\/section>/s/.*class="path">valid.\([^/]*\).*/\1/p' both.html | sort | uniq -c | awk '{ print $1, $2 }'
rm run/best.h5
quern-evaluate run store.h5 >/dev/null
