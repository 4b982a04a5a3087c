"""lesson_script.py STORE OUT_DIR: the lesson as a script, from start to end of the process.

It reads both splits of the store with h5py (which takes less time than reading PNG files), trains
the lesson's linear model for twenty epochs through its DataLoader, prints the accuracy after each,
and saves the parameters after each epoch; the last ones are flushed to disk.
"""
import os
import sys

import torch
from torch.utils.data import DataLoader

from lesson import accuracy_of, init_params, tensors_of, train_epoch
from peer import check

BATCH_SIZE = 256
NUM_EPOCHS = 20

store_path, out_dir = sys.argv[1:]
loaders = {}
for split in ("train", "valid"):
    x, y = tensors_of(store_path, split)
    loaders[split] = DataLoader(list(zip(x, y)), batch_size=BATCH_SIZE, shuffle=split == "train")
num_valid = len(y)
torch.manual_seed(1)
params = init_params(x.shape[1])
losses = []
for epoch in range(1, NUM_EPOCHS + 1):
    losses.append(train_epoch(loaders["train"], params, 1.0))
    accuracy = accuracy_of(loaders["valid"], params) / num_valid
    print("epoch %d: loss %.4f, accuracy %.4f" % (epoch, losses[-1], accuracy))
    path = os.path.join(out_dir, "epoch-%04d.pt" % epoch)
    torch.save(params, path)
with open(path, "rb") as last:
    os.fsync(last.fileno())
check(losses[-1] < losses[0], "its loss went from %g to %g" % (losses[0], losses[-1]))
