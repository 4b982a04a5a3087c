#!/usr/bin/env python3
"""Makes a folder of photographs as people have them: four classes, many sizes, some files broken.

    photos.py CIFAR10_DIR OUT_DIR

From 300 images of each of four classes of CIFAR-10, enlarged with PIL; copies as they are where there is no PIL.
"""
import pathlib
import random
import shutil
import sys

try:
    from PIL import Image
except ImportError:
    Image = None

CLASSES = {"cat": "3", "dog": "5", "horse": "7", "ship": "8"}   # and what drawn images of CIFAR-10 are called


def main():
    source, out = (pathlib.Path(name) for name in sys.argv[1:])
    draw = random.Random(7)
    for name, digit in CLASSES.items():
        folder = source / "train" / name
        files = sorted((folder if folder.is_dir() else source / "train" / digit).iterdir())[:300]
        (out / name).mkdir(parents=True)
        for index, file in enumerate(files):
            width = draw.choice([480, 640, 800, 1024, 1200])
            height = int(width * draw.choice([0.5625, 0.66, 0.75, 1, 1.33]))
            number = draw.randrange(1000, 9999)
            if Image:
                path = out / name / f"IMG_{number}_{index:03}.jpg"
                Image.open(file).convert("RGB").resize((width, height), Image.BICUBIC).save(path)
            else:
                path = out / name / f"IMG_{number}_{index:03}{file.suffix}"
                shutil.copy(file, path)
    first = min((out / "cat").iterdir())
    (out / "cat" / f"copy of {first.name}").write_bytes(first.read_bytes()[:300])
    (out / "dog" / f"empty{first.suffix}").touch()
    (out / "dog" / "holiday.heic").write_bytes(b"\0\0\0\x18ftypheic\0\0\0\0")
    (out / "ship" / "notes.txt").write_text("taken in May\n")


if __name__ == "__main__":
    main()
