#!/bin/sh
# Draws images, trains models of each kind and opens their reports in a headless Chromium, at 360 and 1400 pixels of
# width, light and dark: nothing on the console, no request, no overflow, and what screen readers and eyes need.
# Needs $QUERN_BIN; skipped (77) without chromium or python3.
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/report/lib.sh
. "$here/lib.sh"
command -v chromium >/dev/null || { echo "skipped: no chromium"; exit 77; }

train() {
    quiet quern-train "$@"
}
report() {
    quiet quern-evaluate "$@"
}

# Two classes, gray: the lesson's model, the nearest mean, and all of them compared.
quiet quern-draw --classes 3,7 --train 200 --valid 80 --seed 5 two
quiet quern-ingest two two.h5
train two.h5 --output lesson --recipe lesson --epochs 4
train two.h5 --output network --model mlp --hidden 16 --epochs 3
train two.h5 --output means --model nearest-mean
report lesson two.h5 --report lesson.html
report means two.h5 --report means.html
report lesson network means two.h5 --report comparison.html

# Ten classes, RGB; a convolutional network.
quiet quern-draw --train 60 --valid 30 ten
quiet quern-ingest --channels rgb ten ten.h5
train ten.h5 --output cnn --layers 'conv:6 relu pool dense:16 relu' --epochs 2
report cnn ten.h5 --report cnn.html

# More classes than a matrix takes, of one name for all pages: what is not text must not become any.
mkdir -p many/train many/valid
for i in $(seq 40); do
    mkdir "many/train/<b onclick='x()'>\"class\" & $i" "many/valid/<b onclick='x()'>\"class\" & $i"
    cp two/train/7/*"$i".png "many/train/<b onclick='x()'>\"class\" & $i"
    cp two/train/3/*"$i".png "many/valid/<b onclick='x()'>\"class\" & $i"
done
: >"many/train/<b onclick='x()'>\"class\" & 1/<script>alert(1).png"
quiet quern-ingest --skip-bad many many.h5
evil=$(printf '<script>alert("1")\377\n')
train many.h5 --output "$evil" --model linear --epochs 2
report "$evil" many.h5 --report many.html

python3 "$here/check_pages.py" \
    lesson.html:curves,confusion,classes,mistakes,scores,calibration,samples,weights,health,settings \
    means.html:confusion,classes,mistakes,scores,samples,health,settings \
    comparison.html:runs,curves,settings,classes,mistakes,health,commands \
    cnn.html:curves,confusion,classes,mistakes,calibration,samples,weights,health,settings \
    many.html:curves,confusion,classes,mistakes,calibration,samples,weights,health,settings
