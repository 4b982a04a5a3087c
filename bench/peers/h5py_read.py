"""h5py_read.py STORE: opens the store and reads the images and labels of train into memory."""
import sys

import h5py

from peer import check, read_split, seconds_of, serve

store_path = sys.argv[1]


def measure():
    seconds, (images, labels) = seconds_of(lambda: read_split(store_path, "train"))
    check(images.any() and len(images) == len(labels), "the images are not there")
    return seconds


measure()
serve("h5py %s, HDF5 %s" % (h5py.__version__, h5py.version.hdf5_version), measure)
