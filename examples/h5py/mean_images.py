#!/usr/bin/env python3
"""Computes the mean image of each class as the store's own class_means, and classifies by distance to it.

    mean_images.py STORE.h5

Reads the images chunk by chunk, so that a store larger than memory works, too.
"""
import sys

import h5py
import numpy as np

with h5py.File(sys.argv[1]) as store:
    classes = store["classes"].asstr()[:]
    images, labels = store["train/images"], store["train/labels"]
    sums = np.zeros((len(classes), *images.shape[1:]), np.uint64)
    for start in range(0, len(images), images.chunks[0]):
        rows = slice(start, start + images.chunks[0])
        np.add.at(sums, labels[rows], images[rows].astype(np.uint64))
    counts = np.bincount(labels[:], minlength=len(classes))
    means = sums / counts.reshape(-1, *[1] * (sums.ndim - 1)) / 255      # pixels of 0 to 1
    stored = store["train/class_means"][:]
    print(f"the means differ from the stored ones by {abs(means - stored).max():.1e} at most")

    split = "valid" if "valid" in store else "train"
    x, y = store[split]["images"][:] / 255, store[split]["labels"][:]
    axes = tuple(range(1, x.ndim))
    for name, distance in (("l1", lambda d: abs(d).mean(axes)), ("l2", lambda d: (d ** 2).mean(axes) ** 0.5)):
        nearest = np.argmin([distance(x - mean) for mean in means], axis=0)
        print(f"nearest mean, {name}: {(nearest == y).mean():.4f} of {split} are right")
