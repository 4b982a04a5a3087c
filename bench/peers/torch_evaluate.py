"""torch_evaluate.py STORE: loss and accuracy of the lesson's model on the images of valid.

They are float32 tensors in memory, evaluated at once, which takes less time than in batches.
Prints the median of a hundred evaluations, on one thread or on two, whichever takes less time.
"""
import statistics
import sys

import numpy as np
import torch

from lesson import init_params, linear1, mnist_loss, tensors_of
from peer import check, seconds_of, serve

NUM_EVALUATIONS = 100


def evaluate():
    with torch.no_grad():
        logits = linear1(x, *params)
        loss = mnist_loss(logits, y)
        num_correct = ((logits > 0.0) == y).sum()
        return loss.item(), num_correct.item()


def evaluate_with_numpy():
    """The same in float64."""
    weights, bias = (p.detach().numpy().astype("float64") for p in params)
    logits = x.numpy().astype("float64") @ weights + bias
    labels = y.numpy()
    probs = 1 / (1 + np.exp(-logits))
    return np.where(labels == 1, 1 - probs, probs).mean(), ((logits > 0) == labels).sum()


def measure():
    return statistics.median(seconds_of(evaluate)[0] for _ in range(NUM_EVALUATIONS))


x, y = tensors_of(sys.argv[1], "valid")
torch.manual_seed(1)
params = init_params(x.shape[1])
found, expected = evaluate(), evaluate_with_numpy()
check(
    abs(found[0] - expected[0]) < 1e-4 and abs(found[1] - expected[1]) <= 1,
    "loss and count are %s, in numpy %s" % (found, expected),
)
seconds_on = {}
for num_threads in (1, 2):
    torch.set_num_threads(num_threads)
    seconds_on[num_threads] = measure()
num_threads = min(seconds_on, key=seconds_on.get)
torch.set_num_threads(num_threads)
serve(
    "PyTorch %s; of 1 and 2 threads, %d took less time" % (torch.__version__, num_threads), measure
)
