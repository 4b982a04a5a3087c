"""make_jpegs.py TREE OUT: every PNG of a tree as a JPEG of quality 90, under the same name but for its end."""
import sys
from pathlib import Path

from PIL import Image

tree, out = map(Path, sys.argv[1:])
for path in tree.rglob("*.png"):
    target = (out / path.relative_to(tree)).with_suffix(".jpg")
    target.parent.mkdir(parents=True, exist_ok=True)
    Image.open(path).convert("RGB").save(target, quality=90)
