#!/usr/bin/env python3
"""Prints what a store holds, and one image as numbers.

    look_at_store.py STORE.h5 [SPLIT [ROW]]
"""
import sys

import h5py

path, split, row = (sys.argv[1:] + ["train", "0"][len(sys.argv) - 2:])[:3]
with h5py.File(path) as store:
    classes = store["classes"].asstr()[:]
    print(f"{store.attrs['format'].decode()}, fingerprint {store.attrs['fingerprint'].decode()[:16]}")
    for name in ("train", "valid", "test"):
        if name not in store:
            continue
        images = store[name]["images"]                     # uint8 [N,H,W], or [N,H,W,3] of colour images
        counts = ""
        if "labels" in store[name]:                        # index into classes; absent of unlabelled images
            labels = store[name]["labels"][:]
            counts = ", ".join(f"{(labels == c).sum():,} of {text}" for c, text in enumerate(classes))
        print(f"{name}: {' x '.join(map(str, images.shape))} in chunks of {images.chunks[0]} images; {counts}")

    print(store[split]["paths"].asstr()[int(row)])
    image = store[split]["images"][int(row)]
    for line in image if image.ndim == 2 else image.mean(2).round().astype(int):
        print(" ".join(f"{value:3}" if value else "  ." for value in line))
