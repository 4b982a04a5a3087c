"""torch_network.py STORE BATCH_SIZE LAYERS epoch|evaluate: a network in PyTorch, trained for an epoch or
evaluated on the validation split.

The data are float32 tensors in memory.  An epoch is shuffled by a new permutation; batches are slices
of a permuted copy of the images or gathered by it, whichever takes less time; SGD with momentum .9 and
cross-entropy, as ours.  Layouts (channels last or not) and one or two threads: what takes least time.
"""
import itertools
import sys
import time

import torch
from torch.nn import functional

from peer import check, read_split, serve
from torch_layers import make_network

store_path, batch_size, layers, work = sys.argv[1:]
batch_size = int(batch_size)


def load(split):
    x, y = read_split(store_path, split)
    x = torch.from_numpy(x).float() / 255
    return (x[:, None] if x.dim() == 3 else x.permute(0, 3, 1, 2)).contiguous(), torch.from_numpy(
        y.astype("int64"))


def batches(x, y, gathers):
    order = torch.randperm(len(x))
    if not gathers:
        x, y = x[order], y[order]
    for first in range(0, len(x), batch_size):
        rows = order[first:first + batch_size] if gathers else slice(first, first + batch_size)
        yield x[rows], y[rows]


def train_epoch(network, optimizer, x, y, gathers):
    total = 0.0
    for xb, yb in batches(x, y, gathers):
        optimizer.zero_grad()
        loss = functional.cross_entropy(network(xb), yb)
        loss.backward()
        optimizer.step()
        total += loss.item() * len(yb)
    return total / len(x)


def evaluate(network, x, y):
    correct = 0
    with torch.no_grad():
        for first in range(0, len(x), 500):
            correct += (network(x[first:first + 500]).argmax(1) == y[first:first + 500]).sum().item()
    return correct / len(x)


class Way:
    """One layout, number of threads and way to make batches."""

    def __init__(self, num_threads, layout, gathers):
        torch.manual_seed(1)
        self.num_threads, self.gathers = num_threads, gathers
        self.network = make_network(layers, train[0].shape[1:], int(train[1].max()) + 1).to(memory_format=layout)
        self.x = train[0].to(memory_format=layout)
        self.valid = valid[0].to(memory_format=layout)
        self.optimizer = torch.optim.SGD(self.network.parameters(), lr=0.05, momentum=0.9)
        self.name = "%d threads%s%s" % (
            num_threads, ", channels last" if layout == torch.channels_last else "",
            "" if work == "evaluate" else ", gathering" if gathers else ", slices of a copy")

    def measure(self):
        torch.set_num_threads(self.num_threads)
        start = time.perf_counter()
        if work == "epoch":
            self.result = train_epoch(self.network, self.optimizer, self.x, train[1], self.gathers)
        else:
            self.result = evaluate(self.network, self.valid, valid[1])
        return time.perf_counter() - start


train, valid = load("train"), load("valid")
layouts = [torch.contiguous_format] + ([torch.channels_last] if "conv" in layers else [])
ways = [Way(*way) for way in itertools.product((1, 2), layouts, (False, True)[:2 if work == "epoch" else 1])]
first = {way: min(way.measure() for _ in range(2)) for way in ways}
best = min(first, key=first.get)
losses = [best.result] + [(best.measure(), best.result)[1] for _ in range(2)]
if work == "epoch":
    check(losses[-1] < losses[0], "its loss went from %g to %g" % (losses[0], losses[-1]))
serve("PyTorch %s; %s took least of %d ways" % (torch.__version__, best.name, len(ways)), best.measure)
