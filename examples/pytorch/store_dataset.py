#!/usr/bin/env python3
"""A PyTorch Dataset over a store, read by the worker processes of a DataLoader.

    store_dataset.py STORE.h5 [WORKERS]

Two things make it right and fast:
- The file is opened in the worker, at its first sample.  An HDF5 file that is opened before the DataLoader
  forks is shared by all workers, which then move one file offset and read each other's bytes.
- Images are compressed in chunks of neighbouring rows, and a chunk is decompressed as a whole.  So the sampler
  shuffles chunks, and then rows inside a few of them, and each worker keeps the chunks it is at.
"""
import sys

import h5py
import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset, Sampler


class StoreDataset(Dataset):
    def __init__(self, path, split):
        self.path, self.split, self.file, self.chunks = path, split, None, {}
        with h5py.File(path) as store:                     # closed before any worker starts
            self.shape = store[split]["images"].shape
            self.chunk_rows = store[split]["images"].chunks[0]
            self.labels = store[split]["labels"][:].astype(np.int64)
            self.classes = list(store["classes"].asstr()[:])

    def __len__(self):
        return self.shape[0]

    def chunk(self, index):
        if self.file is None:
            self.file = h5py.File(self.path)               # this process's own
        if index not in self.chunks:
            if len(self.chunks) >= 8:                      # the oldest goes
                del self.chunks[next(iter(self.chunks))]
            start = index * self.chunk_rows
            self.chunks[index] = self.file[self.split]["images"][start:start + self.chunk_rows]
        return self.chunks[index]

    def __getitem__(self, row):
        image = torch.from_numpy(self.chunk(row // self.chunk_rows)[row % self.chunk_rows]).float() / 255
        image = image[None] if image.ndim == 2 else image.permute(2, 0, 1)     # [C,H,W]
        return image, self.labels[row]


class ChunkSampler(Sampler):
    """Every row once: chunks in random order, and the rows of each few chunks mixed."""

    def __init__(self, dataset, window=4):
        super().__init__()
        self.rows, self.chunk_rows, self.window = len(dataset), dataset.chunk_rows, window

    def __len__(self):
        return self.rows

    def __iter__(self):
        order = torch.randperm(-(-self.rows // self.chunk_rows))
        for chunks in order.split(self.window):
            rows = torch.cat([torch.arange(c * self.chunk_rows, min((c + 1) * self.chunk_rows, self.rows))
                              for c in chunks.tolist()])
            yield from rows[torch.randperm(len(rows))].tolist()


def main():
    workers = int(sys.argv[2]) if len(sys.argv) > 2 else 2
    dataset = StoreDataset(sys.argv[1], "train")
    loader = DataLoader(dataset, batch_size=64, sampler=ChunkSampler(dataset), num_workers=workers)
    total, count = torch.zeros(len(dataset.classes), *dataset[0][0].shape, dtype=torch.float64), 0
    dataset.file.close()                                   # opened by dataset[0] above: workers open their own
    dataset.file, dataset.chunks = None, {}
    for images, labels in loader:
        total.index_add_(0, labels, images.double())
        count += len(labels)
    counts = torch.bincount(torch.from_numpy(dataset.labels), minlength=len(dataset.classes))
    means = total / counts.reshape(-1, 1, 1, 1)
    with h5py.File(sys.argv[1]) as store:
        stored = torch.from_numpy(store["train/class_means"][:])
    stored = stored[:, None] if stored.ndim == 3 else stored.permute(0, 3, 1, 2)
    worst = float((means - stored).abs().max())
    print(f"{count:,} images by {workers} workers; class means differ from the store's by {worst:.1e} at most")
    sys.exit(0 if count == len(dataset) and worst < 1e-6 else 1)


if __name__ == "__main__":
    main()
