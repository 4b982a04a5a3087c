"""The lesson's model, loss and loops, in PyTorch, and the data that they take."""
import torch

from peer import read_split


def tensors_of(store_path, split):
    """float32 images [N, H * W], 0 to 1, and labels [N, 1], 0 or 1."""
    images, labels = read_split(store_path, split)
    x = torch.from_numpy(images).view(len(images), -1).float() / 255
    return x, torch.from_numpy(labels.astype("int64")).unsqueeze(1)


def init_params(num_inputs):
    weights = torch.randn((num_inputs, 1)).requires_grad_()
    bias = torch.randn(1).requires_grad_()
    return weights, bias


def linear1(xb, weights, bias):
    return xb @ weights + bias


def mnist_loss(predictions, targets):
    predictions = predictions.sigmoid()
    return torch.where(targets == 1, 1 - predictions, predictions).mean()


def train_epoch(batches, params, lr):
    """One epoch; returns the mean of the batches' losses."""
    losses = []
    for xb, yb in batches:
        loss = mnist_loss(linear1(xb, *params), yb)
        loss.backward()
        losses.append(loss.detach())
        for p in params:
            p.data -= p.grad * lr
            p.grad.zero_()
    return torch.stack(losses).mean().item()


def accuracy_of(batches, params):
    with torch.no_grad():
        num_correct = [((linear1(xb, *params) > 0.0) == yb).sum() for xb, yb in batches]
    return torch.stack(num_correct).sum().item()


def slices_of_copy(x, y, batch_size):
    """Shuffled mini-batches: slices of permuted copies of x and y."""
    order = torch.randperm(len(x))
    x, y = x[order], y[order]
    for first in range(0, len(x), batch_size):
        yield x[first : first + batch_size], y[first : first + batch_size]


def gathered_rows(x, y, batch_size):
    """Shuffled mini-batches: each gathers its rows."""
    order = torch.randperm(len(x))
    for first in range(0, len(x), batch_size):
        rows = order[first : first + batch_size]
        yield x[rows], y[rows]
