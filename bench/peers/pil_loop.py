"""pil_loop.py TREE STORE: the lesson's loop, [tensor(Image.open(path)) for path in paths].

The paths are pathlib's, as those of the lesson's ls(); fastai's tensor() of an image is numpy's
array of it, as a tensor without a further copy.
"""
import sys
from pathlib import Path

import numpy as np
import PIL
import torch
from PIL import Image

from decode import serve_loop


def decode_all(paths):
    return [torch.from_numpy(np.array(Image.open(path))) for path in paths]


serve_loop("PIL %s" % PIL.__version__, decode_all, Path, *sys.argv[1:])
