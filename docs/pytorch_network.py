#!/usr/bin/env python3
"""Makes a network of PyTorch's modules from a checkpoint, and compares it with quern-evaluate.

    docs/pytorch_network.py RUN_DIR/epoch-NNNN.h5 STORE.h5 EVALUATION.h5

EVALUATION.h5 is of the same checkpoint and the valid split.  Needs torch and h5py.  Exit status 1 where a
prediction is another, or a score is further away than 1e-5.
"""
import sys

import h5py
import torch
from torch import nn


class Residual(nn.Sequential):
    def forward(self, x):
        return x + super().forward(x)


class Builder:
    """Makes PyTorch's modules of a network's text, named as quern names its layers."""

    def __init__(self, text, shape, num_outputs):
        self.words = iter(text.replace("res(", " res( ").replace(")", " ) ").split())
        self.counts, self.x = {}, torch.zeros(1, *shape)
        self.net = self.sequence(nn.Sequential())
        self.append(self.net, "output", nn.Linear(self.x.numel(), num_outputs))

    def append(self, net, name, layer):
        if isinstance(layer, nn.Linear) and self.x.dim() == 4:
            self.append(net, f"{name}_flatten", nn.Flatten())
        net.add_module(name, layer)
        self.x = layer.eval()(self.x)

    def sequence(self, net):
        for word in self.words:
            kind, *arguments = word.split(":")
            if kind == ")":
                break
            if kind == "res(":
                net.add_module(f"res{len(net)}", self.sequence(Residual()))
                continue
            self.counts[kind] = self.counts.get(kind, 0) + 1
            self.append(net, f"{kind}{self.counts[kind]}", self.layer(kind, arguments))
        return net

    def layer(self, kind, arguments):
        channels, size = self.x.shape[1], self.x.numel()
        kernel = next((int(a) for a in arguments[1:] if a[0] != "s"), 3)
        stride = next((int(a[1:]) for a in arguments[1:] if a[0] == "s"), 1)
        return {
            "dense": lambda: nn.Linear(size, int(arguments[0])),
            "conv": lambda: nn.Conv2d(channels, int(arguments[0]), kernel, stride, kernel // 2),
            "norm": lambda: (nn.BatchNorm2d if self.x.dim() == 4 else nn.BatchNorm1d)(channels),
            "relu": nn.ReLU,
            "leaky": lambda: nn.LeakyReLU(float(arguments[0])),
            "pool": lambda: nn.MaxPool2d(2),
            "avgpool": lambda: nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten()),
            "dropout": lambda: nn.Dropout(float(arguments[0])),
        }[kind]()


checkpoint, store, evaluation = (h5py.File(path) for path in sys.argv[1:])
config = dict(checkpoint["config"].attrs)
classes = len(checkpoint["classes"])
images = torch.tensor(store["valid/images"][:])
images = images[:, None] if images.dim() == 3 else images.permute(0, 3, 1, 2)
channels = images.shape[1]

# A loop over names; layers inside res( ) stand below it in PyTorch's names.
net = Builder(config["layers"].decode(), images.shape[1:], 1 if classes == 2 else classes).net
group = checkpoint["optimizer/average"] if "average" in config else checkpoint["parameters"]
state = {}
for layer in group:
    for tensor in group[layer]:
        state[f"{layer}.{tensor}"] = torch.tensor(group[layer][tensor][:])
inside = {".".join(name.split(".")[-2:]): name for name in net.state_dict()}
missing = net.load_state_dict({inside[name]: value for name, value in state.items()}, strict=False)
assert all(name.endswith("num_batches_tracked") for name in missing.missing_keys)

scale = torch.tensor([config.get(f"input_scale_{c}", 1 / 255) for c in range(channels)])
offset = torch.tensor([config.get(f"input_offset_{c}", 0.0) for c in range(channels)])
net.eval()
with torch.no_grad():
    logits = net(images * scale[:, None, None].float() + offset[:, None, None].float())
probs = torch.softmax(logits, 1) if classes > 2 else torch.cat(
    [torch.sigmoid(-logits), torch.sigmoid(logits)], 1)

scores = torch.tensor(evaluation["samples/scores"][:])
same = (probs.argmax(1) == torch.tensor(evaluation["samples/predictions"][:].astype("int64")))
furthest = float((probs - scores).abs().max())
print(f"{int(same.sum())} of {len(same)} predictions are the same, "
      f"scores differ by {furthest:.1e} at most")
sys.exit(0 if bool(same.all()) and furthest <= 1e-5 else 1)
