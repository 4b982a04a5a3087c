# What other programs see in the pictures: the size, and the pixels that the terminal is told.
python=${QUERN_PYTHON:-python3}
"$python" -c 'import PIL' 2>/dev/null || skip "no python3 with PIL"
quern-draw tree --train 3 --valid 1 --classes 3 >draw.log 2>&1
quern-ingest tree store.h5 >log 2>&1
quern-show store.h5 --image train/1 --scale 1 --png image.png >log
quern-show store.h5 --image train/1 --pixels --columns 0:28 | tail -n 28 | cut -c 3- >numbers
quern-show store.h5 --image train/1 --pixels --png pixels.png >log
quern-show store.h5 --grid 1x3 --png grid.png >log
"$python" - <<'END'
from PIL import Image

image = Image.open("image.png")
print(image.mode, image.size)
rows = [[int(value) for value in line.split()] for line in open("numbers")]
if [value for row in rows for value in row] != list(image.tobytes()):
    print("other pixels than the numbers")
for name in "pixels.png", "grid.png":
    picture = Image.open(name)
    picture.load()
    print(name, picture.mode, picture.size)
END
