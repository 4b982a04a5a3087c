#!/usr/bin/env python3
"""Makes an nn.Module of a checkpoint, linear or a network, and classifies a store's split with it.

    network.py RUN_DIR/epoch-NNNN.h5 STORE.h5 [EVALUATION.h5]

Prints the accuracy on the valid split, which is that of quern-evaluate.  With the file that quern-evaluate
--output wrote of the same checkpoint and split it also compares the predictions and scores of each image, and
ends with 1 where a prediction is another, or a score is further away than 1e-5.
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

    def __init__(self, text, shape, num_outputs, last="output"):
        self.words = iter(text.replace("res(", " res( ").replace(")", " ) ").split())
        self.counts, self.x = {}, torch.zeros(1, *shape)
        self.net = self.sequence(nn.Sequential())
        self.append(self.net, last, nn.Linear(self.x.numel(), num_outputs))

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


def load(checkpoint):
    """The module of a checkpoint, ready to classify, and scale and offset [C,1,1] of its input."""
    config = dict(checkpoint["config"].attrs)
    num_classes = len(checkpoint["classes"])
    num_outputs = 1 if num_classes == 2 else num_classes
    height, width, *channels = checkpoint["store"].attrs["image_shape"]
    channels = int(channels[0]) if channels else 1
    # The linear model takes an image's pixels row by row, colours next to each other; networks take channels.
    is_linear = config["model"] == b"linear"
    shape = (int(height), int(width), channels) if is_linear else (channels, int(height), int(width))
    net = Builder(config.get("layers", b"").decode(), shape, num_outputs, "linear" if is_linear else "output").net

    # Names and shapes are PyTorch's; layers inside res( ) stand below it in PyTorch's names.
    group = checkpoint["optimizer/average"] if "average" in config else checkpoint["parameters"]
    inside = {".".join(name.split(".")[-2:]): name for name in net.state_dict()}
    state = {inside[f"{layer}.{name}"]: torch.tensor(group[layer][name][:])
             for layer in group for name in group[layer]}
    missing = net.load_state_dict(state, strict=False).missing_keys
    assert all(name.endswith("num_batches_tracked") for name in missing), missing

    def per_channel(name, value):
        return torch.tensor([float(config.get(f"{name}_{c}", value)) for c in range(channels)])[:, None, None]
    return net.eval(), per_channel("input_scale", 1 / 255), per_channel("input_offset", 0), is_linear


def main():
    checkpoint, store, *evaluations = (h5py.File(path) for path in sys.argv[1:])
    net, scale, offset, is_linear = load(checkpoint)
    images = torch.tensor(store["valid/images"][:])
    images = images[:, None] if images.dim() == 3 else images.permute(0, 3, 1, 2)
    x = images * scale + offset
    with torch.no_grad():
        logits = net(x.permute(0, 2, 3, 1) if is_linear else x)
    probs = torch.softmax(logits, 1) if logits.shape[1] > 1 else torch.cat(
        [torch.sigmoid(-logits), torch.sigmoid(logits)], 1)
    predictions = probs.argmax(1)
    labels = torch.tensor(store["valid/labels"][:].astype("int64"))
    print(f"accuracy {int((predictions == labels).sum()):,} of {len(labels):,}, "
          f"{float((predictions == labels).float().mean()):.4f}")
    for evaluation in evaluations:
        same = predictions == torch.tensor(evaluation["samples/predictions"][:].astype("int64"))
        furthest = float((probs - torch.tensor(evaluation["samples/scores"][:])).abs().max())
        print(f"{int(same.sum())} of {len(same)} predictions are the same, scores differ by {furthest:.1e} at most")
        if not bool(same.all()) or furthest > 1e-5:
            sys.exit(1)


if __name__ == "__main__":
    main()
