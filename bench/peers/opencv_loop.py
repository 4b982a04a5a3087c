"""opencv_loop.py TREE STORE [colour]: cv2.imread of each file, as gray, which takes less time than
colour, or as colour, where OpenCV has blue first."""
import sys

import cv2

from decode import serve_loop

is_colour = sys.argv[3:] == ["colour"]
kind = cv2.IMREAD_COLOR if is_colour else cv2.IMREAD_GRAYSCALE


def decode_all(paths):
    return [cv2.imread(path, kind) for path in paths]


def as_stored(image):
    return image[:, :, ::-1] if is_colour else image


serve_loop("OpenCV %s" % cv2.__version__, decode_all, str, *sys.argv[1:3], as_stored)
