"""A network of the layers that the benches take, in PyTorch."""
from torch import nn


def make_network(layers, shape, num_classes):
    """The module that the text of our layers describes."""
    channels, modules, size = shape[0], [], None
    height, width = shape[1:]
    for word in layers.split():
        kind, *arguments = word.split(":")
        if kind == "conv":
            modules.append(nn.Conv2d(channels, int(arguments[0]), 3, padding=1))
            channels = int(arguments[0])
        elif kind == "relu":
            modules.append(nn.ReLU(inplace=True))
        elif kind == "pool":
            modules.append(nn.MaxPool2d(2))
            height, width = height // 2, width // 2
        elif kind == "dense":
            if size is None:
                modules.append(nn.Flatten())
                size = channels * height * width
            modules.append(nn.Linear(size, int(arguments[0])))
            size = int(arguments[0])
    if size is None:
        modules.append(nn.Flatten())
        size = channels * height * width
    return nn.Sequential(*modules, nn.Linear(size, num_classes))
