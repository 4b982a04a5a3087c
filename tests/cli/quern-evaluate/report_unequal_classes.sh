# What a report says of unequal classes: all of the most and of the fewest images; nearly equal ones are called that.
# Fractions among the settings of the store are as short as they can be.
quern-draw --classes 3,5,7,8 --train 30 --valid 5 tree >/dev/null
health() {
    rm -f store.h5
    quern-ingest "$@" tree store.h5 >/dev/null 2>&1
    quern-train store.h5 --output run --model nearest-mean --force >/dev/null 2>&1
    quern-evaluate run store.h5 --report report.html >/dev/null 2>&1
    sed -n '/<section id="health"/,/<\/section>/s/^<p>\(.*[Ii]n train.*\)<\/p>$/\1/p' report.html
}

rm tree/train/5/*29.png
health
rm tree/train/5/*1.png
health
rm tree/train/8/*1.png
health
mv tree/train/3 removed
mkdir tree/train/3
health
mv removed/*1.png tree/train/3
for class in 5 7 8; do rm -r tree/train/$class; cp -r tree/train/3 tree/train/$class; done
health
cp -r removed/*2.png tree/train/3
rm tree/train/3/*12.png tree/train/3/*22.png
health

rm -r tree/valid
mv tree/train/* tree
rmdir tree/train
health --valid-fraction 0.2 >/dev/null
sed -n 's/.*>\(channels=.*\)<\/td>.*/\1/p' report.html | grep -o 'valid-fraction=[^ ]*'
