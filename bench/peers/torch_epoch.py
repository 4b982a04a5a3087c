"""torch_epoch.py STORE slices|gather|loader: an epoch of the lesson's linear model, batch size 256.

The data are float32 tensors in memory.  An epoch is shuffled, as ours is.  What is printed is the
median of twenty epochs from new parameters, on one thread or on two, whichever takes less time.

slices: the batches are slices of a permuted copy of the tensors, made for each epoch;
gather: the rows of each batch are gathered by a slice of a permutation;
loader: the lesson's DataLoader, on a list of pairs.
"""
import statistics
import sys

import torch
from torch.utils.data import DataLoader

from lesson import accuracy_of, gathered_rows, init_params, slices_of_copy, tensors_of, train_epoch
from peer import check, seconds_of, serve

BATCH_SIZE = 256
NUM_EPOCHS = 20



def measure():
    global accuracy

    torch.manual_seed(1)
    params = init_params(x.shape[1])
    epochs = [
        seconds_of(lambda: train_epoch(make_batches(), params, 1.0)) for _ in range(NUM_EPOCHS)
    ]
    first_loss, last_loss = epochs[0][1], epochs[-1][1]
    check(last_loss < first_loss, "its loss went from %g to %g" % (first_loss, last_loss))
    accuracy = accuracy_of([valid], params) / len(valid[1])
    return statistics.median(seconds for seconds, _ in epochs)


store_path, kind = sys.argv[1:]
x, y = tensors_of(store_path, "train")
valid = tensors_of(store_path, "valid")
if kind == "loader":
    loader = DataLoader(list(zip(x, y)), batch_size=BATCH_SIZE, shuffle=True)
make_batches = {
    "slices": lambda: slices_of_copy(x, y, BATCH_SIZE),
    "gather": lambda: gathered_rows(x, y, BATCH_SIZE),
    "loader": lambda: loader,
}[kind]

seconds_on = {}
for num_threads in (1, 2):
    torch.set_num_threads(num_threads)
    seconds_on[num_threads] = measure()
num_threads = min(seconds_on, key=seconds_on.get)
torch.set_num_threads(num_threads)
serve(
    "PyTorch %s; of 1 and 2 threads, %d took less time; accuracy %.4f after %d epochs"
    % (torch.__version__, num_threads, accuracy, NUM_EPOCHS),
    measure,
)
