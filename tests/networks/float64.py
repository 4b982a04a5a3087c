#!/usr/bin/env python3
"""Trains a network in float64 from a run's epoch-0000.h5, and compares with the run's last checkpoint.

    network_float64.py STORE.h5 RUN_DIR

An implementation of its own: numpy, images as [N][C][H][W], gradients by hand.  The run is one of samples in
stored order (--shuffle none), without dropout and augmentation.  Exit status 1 where a parameter is further
than 1e-4 from the run's.
"""
import math
import sys

import h5py
import numpy as np


# ---- layers: forward returns the output and what backward needs ----

class Dense:
    def __init__(self, name):
        self.name = name

    def forward(self, x, p, training):
        self.shape = x.shape
        self.x = x.reshape(len(x), -1)
        return self.x @ p[self.name + "/weight"].T + p[self.name + "/bias"]

    def backward(self, g, p, grads):
        grads[self.name + "/weight"] = g.T @ self.x
        grads[self.name + "/bias"] = g.sum(0)
        return (g @ p[self.name + "/weight"]).reshape(self.shape)


class Conv:
    def __init__(self, name, arguments):
        self.name, self.kernel, self.stride = name, 3, 1
        for text in arguments[1:]:
            if text.startswith("s"):
                self.stride = int(text[1:])
            else:
                self.kernel = int(text)

    def windows(self, x):
        k, s = self.kernel, self.stride
        view = np.lib.stride_tricks.sliding_window_view(x, (k, k), axis=(2, 3))
        return view[:, :, ::s, ::s]

    def forward(self, x, p, training):
        pad = self.kernel // 2
        self.x = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
        y = np.einsum("nchwij,ocij->nohw", self.windows(self.x), p[self.name + "/weight"])
        return y + p[self.name + "/bias"][:, None, None]

    def backward(self, g, p, grads):
        k, s, pad = self.kernel, self.stride, self.kernel // 2
        weight = p[self.name + "/weight"]
        grads[self.name + "/weight"] = np.einsum("nchwij,nohw->ocij", self.windows(self.x), g)
        grads[self.name + "/bias"] = g.sum((0, 2, 3))
        dx = np.zeros_like(self.x)
        height, width = g.shape[2:]
        for i in range(k):
            for j in range(k):
                dx[:, :, i:i + s * (height - 1) + 1:s, j:j + s * (width - 1) + 1:s] += np.einsum(
                    "nohw,oc->nchw", g, weight[:, :, i, j])
        return dx[:, :, pad:dx.shape[2] - pad, pad:dx.shape[3] - pad]


class Relu:
    def forward(self, x, p, training):
        self.mask = x > 0
        return x * self.mask

    def backward(self, g, p, grads):
        return g * self.mask


class Pool:
    def forward(self, x, p, training):
        n, c, h, w = x.shape
        self.shape = x.shape
        cells = x[:, :, :h // 2 * 2, :w // 2 * 2].reshape(n, c, h // 2, 2, w // 2, 2)
        cells = cells.transpose(0, 1, 2, 4, 3, 5).reshape(n, c, h // 2, w // 2, 4)
        self.index = cells.argmax(-1)
        return cells.max(-1)

    def backward(self, g, p, grads):
        n, c, h, w = self.shape
        cells = np.zeros(g.shape + (4,))
        np.put_along_axis(cells, self.index[..., None], g[..., None], -1)
        cells = cells.reshape(n, c, h // 2, w // 2, 2, 2).transpose(0, 1, 2, 4, 3, 5)
        dx = np.zeros(self.shape)
        dx[:, :, :h // 2 * 2, :w // 2 * 2] = cells.reshape(n, c, h // 2 * 2, w // 2 * 2)
        return dx


class Avgpool:
    def forward(self, x, p, training):
        self.shape = x.shape
        return x.mean((2, 3)) if x.ndim == 4 else x

    def backward(self, g, p, grads):
        if len(self.shape) == 2:
            return g
        area = self.shape[2] * self.shape[3]
        return np.broadcast_to(g[:, :, None, None] / area, self.shape).copy()


class Norm:
    def __init__(self, name):
        self.name = name

    def forward(self, x, p, training):
        self.axes = (0, 2, 3) if x.ndim == 4 else (0,)
        shape = (1, -1, 1, 1) if x.ndim == 4 else (1, -1)
        mean, variance = x.mean(self.axes), x.var(self.axes)
        count = x.size // x.shape[1]
        if training:
            for name, value in (("mean", mean), ("var", variance * count / (count - 1))):
                key = f"{self.name}/running_{name}"
                p[key] = 0.9 * p[key] + 0.1 * value
        else:
            mean, variance = p[self.name + "/running_mean"], p[self.name + "/running_var"]
        self.shape = shape
        self.inverse = (1 / np.sqrt(variance + 1e-5)).reshape(shape)
        self.normal = (x - mean.reshape(shape)) * self.inverse
        return (self.normal * p[self.name + "/weight"].reshape(shape) +
                p[self.name + "/bias"].reshape(shape))

    def backward(self, g, p, grads):
        grads[self.name + "/weight"] = (g * self.normal).sum(self.axes)
        grads[self.name + "/bias"] = g.sum(self.axes)
        g = g * p[self.name + "/weight"].reshape(self.shape)
        return self.inverse * (g - g.mean(self.axes).reshape(self.shape) -
                               self.normal * (g * self.normal).mean(self.axes).reshape(self.shape))


class Residual:
    def __init__(self, layers):
        self.layers = layers

    def forward(self, x, p, training):
        y = x
        for layer in self.layers:
            y = layer.forward(y, p, training)
        return x + y

    def backward(self, g, p, grads):
        inside = g
        for layer in reversed(self.layers):
            inside = layer.backward(inside, p, grads)
        return g + inside


def parse(text):
    """The layers of a text, the output layer with them."""
    counts, stack = {}, [[]]
    for word in text.replace("res(", " res( ").replace(")", " ) ").split():
        kind, *arguments = word.split(":")
        if word == "res(":
            stack.append([])
        elif word == ")":
            inside = stack.pop()
            stack[-1].append(Residual(inside))
        else:
            counts[kind] = counts.get(kind, 0) + 1
            name = f"{kind}{counts[kind]}"
            stack[-1].append({"dense": lambda: Dense(name), "conv": lambda: Conv(name, arguments),
                              "relu": Relu, "pool": Pool, "avgpool": Avgpool,
                              "norm": lambda: Norm(name)}[kind]())
    return stack[0] + [Dense("output")]


# ---- losses ----

def loss_and_gradient(logits, labels, kind, smoothing):
    """The mean cross-entropy and its gradient by the logits."""
    count = len(labels)
    if kind != "cross-entropy":
        sys.exit(f"no loss {kind} here")
    if logits.shape[1] == 1:
        logits = np.concatenate([np.zeros_like(logits), logits], 1)
    shifted = logits - logits.max(1, keepdims=True)
    log_probs = shifted - np.log(np.exp(shifted).sum(1, keepdims=True))
    target = np.full(logits.shape, smoothing / logits.shape[1])
    target[np.arange(count), labels] += 1 - smoothing
    gradient = (np.exp(log_probs) - target) / count
    return -(target * log_probs).sum() / count, gradient


# ---- steps ----

def schedule(config, step, total):
    rate, momentum = config["learning_rate"], config.get("momentum", config.get("beta1", 0.0))
    kind = config.get("schedule", "constant")
    warmup = int(config.get("warmup_steps", 0))
    if kind == "one-cycle":
        first, last = rate / 25, rate / 25 / 1e4
        end = 0.3 * total - 1
        blend = lambda a, b, at: b + (a - b) / 2 * (1 + math.cos(math.pi * at))
        if step <= end:
            return blend(first, rate, step / end), blend(0.95, 0.85, step / end)
        at = (step - end) / (total - 1 - end)
        return blend(rate, last, at), blend(0.85, 0.95, at)
    if step < warmup:
        return rate * (step + 1) / (warmup + 1), momentum
    if kind == "cosine":
        return rate * (1 + math.cos(math.pi * (step - warmup) / (total - warmup))) / 2, momentum
    return rate, momentum


def update(config, parameters, grads, state, step, total):
    rate, momentum = schedule(config, step, total)
    kind, decay = config["optimizer"], config.get("weight_decay", 0.0)
    norm = math.sqrt(sum((g * g).sum() for g in grads.values()))
    clip = config.get("clip_norm", 0.0)
    for name, grad in grads.items():
        if clip and norm > clip:
            grad = grad * clip / (norm + 1e-6)
        w = parameters[name]
        decays = decay if name.endswith("/weight") and not name.startswith("norm") else 0.0
        if kind == "sgd":
            g = grad + decays * w
            v = state[name] = momentum * state.get(name, 0.0) + g
            if config.get("nesterov"):
                v = g + momentum * v
            parameters[name] = w - rate * v
            continue
        beta2, epsilon = config["beta2"], config["epsilon"]
        if kind == "adamw":
            w = w * (1 - rate * decays)
            g = grad
        else:
            g = grad + decays * w
        m, v = state.get(name, (0.0, 0.0))
        m, v = momentum * m + (1 - momentum) * g, beta2 * v + (1 - beta2) * g * g
        state[name] = (m, v)
        t = step + 1
        # With a momentum that changes, PyTorch corrects by the momentum of the step.
        parameters[name] = w - rate / (1 - momentum ** t) * m / (
            np.sqrt(v) / math.sqrt(1 - beta2 ** t) + epsilon)


# ---- a run ----

def read_parameters(path):
    found = {}
    with h5py.File(path) as f:
        f["parameters"].visititems(lambda name, item: found.__setitem__(name, item[:].astype("f8"))
                                   if isinstance(item, h5py.Dataset) else None)
        return found, {k: (v.decode() if isinstance(v, bytes) else v)
                       for k, v in f["config"].attrs.items()}, dict(f["progress"].attrs)


def read_images(store, config):
    with h5py.File(store) as f:
        x, labels = f["train/images"][:].astype("f8"), f["train/labels"][:].astype(int)
    x = x[:, None] if x.ndim == 3 else x.transpose(0, 3, 1, 2)
    if config["input"] == "unit":
        return x / 255, labels
    scale, offset = (np.array([config[f"input_{name}_{c}"] for c in range(x.shape[1])])
                     for name in ("scale", "offset"))
    # What they are to bring about, each channel's mean 0 and variance 1, is computed here once more.
    mean, std = x.mean((0, 2, 3)), x.std((0, 2, 3))
    if np.abs(scale * std - 1).max() > 1e-6 or np.abs(offset + mean / std).max() > 1e-5:
        sys.exit("the input's scale is not that of the training images")
    return (x - mean.reshape(-1, 1, 1)) / std.reshape(-1, 1, 1), labels


def main(store, run):
    import glob
    last = sorted(glob.glob(run + "/epoch-*.h5"))[-1]
    parameters, config, _ = read_parameters(run + "/epoch-0000.h5")
    expected, _, progress = read_parameters(last)
    x, labels = read_images(store, config)
    layers, state, step = parse(config["layers"]), {}, 0
    size, epochs = int(config["batch_size"]), int(progress["epoch"])
    total = epochs * math.ceil(len(x) / size)
    for _ in range(epochs):
        for first in range(0, len(x), size):
            y, grads = x[first:first + size], {}
            for layer in layers:
                y = layer.forward(y, parameters, True)
            _, g = loss_and_gradient(y, labels[first:first + size], config["loss"],
                                     config.get("label_smoothing", 0.0))
            if y.shape[1] == 1:
                g = g[:, 1:]
            for layer in reversed(layers):
                g = layer.backward(g, parameters, grads)
            update(config, parameters, grads, state, step, total)
            step += 1
    worst = max((np.abs(parameters[name] - expected[name]).max(), name) for name in expected)
    print(f"{step} steps of '{config['layers']}', {config['optimizer']}: "
          f"worst difference {worst[0]:.2g} in {worst[1]}")
    return 0 if worst[0] < 1e-4 else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:3]))
