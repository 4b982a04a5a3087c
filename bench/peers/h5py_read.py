"""h5py_read.py STORE: opens the store and reads the images of train into memory.

Prints the median of nine times.
"""
import statistics
import sys

import h5py

from peer import check, seconds_of, serve

store_path = sys.argv[1]


def read():
    with h5py.File(store_path, "r") as store:
        return store["train/images"][:]


def measure():
    return statistics.median(seconds_of(read)[0] for _ in range(9))


images = read()
with h5py.File(store_path, "r") as store:
    check(images.shape == store["train/images"].shape and images.any(), "no images")
del images
serve("h5py %s, HDF5 %s" % (h5py.__version__, h5py.version.hdf5_version), measure)
