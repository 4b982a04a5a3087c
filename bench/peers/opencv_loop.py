"""opencv_loop.py TREE STORE: cv2.imread of each file, as gray, which takes less time than colour."""
import sys

import cv2

from decode import serve_loop


def decode_all(paths):
    return [cv2.imread(path, cv2.IMREAD_GRAYSCALE) for path in paths]


serve_loop("OpenCV %s" % cv2.__version__, decode_all, str, *sys.argv[1:])
