#!/usr/bin/env python3
"""Prints the history and the configuration of a checkpoint, and the shapes of its parameters.

    history.py RUN_DIR/epoch-NNNN.h5
"""
import sys

import h5py

with h5py.File(sys.argv[1]) as checkpoint:
    for name, value in sorted(checkpoint["config"].attrs.items()):
        print(f"{name} = {value.decode() if isinstance(value, bytes) else value}")
    for layer, tensors in checkpoint["parameters"].items():
        for name, values in tensors.items():
            print(f"{layer}/{name} {values.shape}")
    history = checkpoint["history"]
    columns = ["epoch", "train_loss", "valid_loss", "valid_accuracy", "learning_rate"]
    print(" ".join(f"{name:>14}" for name in columns))
    for epoch in zip(*(history[name][:] for name in columns)):
        print(f"{epoch[0]:14} " + " ".join(f"{value:14.6f}" for value in epoch[1:]))
