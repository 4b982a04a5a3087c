"""torch_predict.py TREE LAYERS: classifies the images of a directory and writes a CSV file of them.

The loop that people write: Image.open, a float32 tensor, batches of 256, softmax, csv.writer.  One
thread decodes; PyTorch has as many threads as OMP_NUM_THREADS says.
"""
import csv
import io
import sys
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from peer import check, seconds_of, serve
from torch_layers import make_network

tree, layers = sys.argv[1:]
paths = sorted(Path(tree).rglob("*.png"))
torch.manual_seed(1)
shape = np.array(Image.open(paths[0])).shape
network = make_network(layers, (1, *shape), 2).eval()


def predict():
    out = io.StringIO()
    rows = csv.writer(out)
    with torch.no_grad():
        for first in range(0, len(paths), 256):
            names = paths[first:first + 256]
            images = np.stack([np.array(Image.open(name)) for name in names])
            x = torch.from_numpy(images)[:, None].float() / 255
            for name, scores in zip(names, network(x).softmax(1).tolist()):
                best = max(range(len(scores)), key=scores.__getitem__)
                rows.writerow([name, best, scores[best], *scores])
    return out.getvalue().count("\n")


check(predict() == len(paths), "a row is missing")
serve("PyTorch %s" % torch.__version__, lambda: seconds_of(predict)[0])
