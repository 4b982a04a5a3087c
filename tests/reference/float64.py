"""
float64.py STORE BIN WORK: the lesson in NumPy and float64, computed from the store's images alone,
held against what the programs in BIN say.  Two classes.  Prints the largest differences.
"""
import json
import subprocess
import sys

import h5py
import numpy as np

BATCH_SIZE, EPOCHS = 256, 5
# mae: the lesson's loss; its learning rate.  cross-entropy needs a smaller one.
LOSSES = {"mae": 1.0, "cross-entropy": 0.1}
HISTORY_TOLERANCE, WEIGHT_TOLERANCE, DISTANCE_TOLERANCE = 1e-5, 1e-4, 1e-6


def load(store):
    def split(name):
        images = store[name]["images"][:].astype(np.float64).reshape(len(store[name]["labels"]), -1)
        return images / 255, store[name]["labels"][:].astype(np.float64)

    return split("train"), split("valid")


def losses(z, y, loss):
    """Loss of each sample, and its derivative by z."""
    p = 1 / (1 + np.exp(-z))
    if loss == "mae":
        return np.where(y == 1, 1 - p, p), np.where(y == 1, -1, 1) * p * (1 - p)
    return np.maximum(z, 0) - z * y + np.log1p(np.exp(-np.abs(z))), p - y


def train(data, loss, learning_rate):
    (x, y), (valid_x, valid_y) = data
    weight, bias, history = np.zeros(x.shape[1]), 0.0, []
    for _ in range(EPOCHS):
        total = 0.0
        for first in range(0, len(x), BATCH_SIZE):
            xb, yb = x[first:first + BATCH_SIZE], y[first:first + BATCH_SIZE]
            values, gradient = losses(xb @ weight + bias, yb, loss)
            total += values.sum()
            weight = weight - learning_rate * (xb.T @ gradient) / len(xb)
            bias = bias - learning_rate * gradient.mean()
        z = valid_x @ weight + bias
        history.append((total / len(x), losses(z, valid_y, loss)[0].mean(),
                        int(((z > 0) == valid_y).sum())))
    return weight, bias, history


def check_linear(data, store, bin_folder, work):
    for loss, learning_rate in LOSSES.items():
        weight, bias, history = train(data, loss, learning_rate)
        run = f"{work}/linear-{loss}"
        subprocess.run([f"{bin_folder}/quern-train", store, "--recipe", "lesson",
                        "--output", run, "--model", "linear",
                        "--loss", loss, "--learning-rate", str(learning_rate), "--init", "zeros",
                        "--shuffle", "none", "--batch-size", str(BATCH_SIZE), "--epochs",
                        str(EPOCHS), "--force"], check=True, stdout=subprocess.DEVNULL)
        with h5py.File(f"{run}/epoch-{EPOCHS:04}.h5") as file:
            found = file["history"]
            difference = max(np.abs(found["train_loss"][:] - [h[0] for h in history]).max(),
                             np.abs(found["valid_loss"][:] - [h[1] for h in history]).max())
            correct = np.rint(found["valid_accuracy"][:] * len(data[1][1])).astype(int).tolist()
            weight_difference = max(
                np.abs(file["parameters/linear/weight"][0] - weight).max(),
                abs(file["parameters/linear/bias"][0] - bias))
        print(f"linear {loss}: history within {difference:.1e}, weights {weight_difference:.1e}")
        assert difference <= HISTORY_TOLERANCE
        assert weight_difference <= WEIGHT_TOLERANCE
        assert correct == [h[2] for h in history], (correct, history)


def check_nearest_mean(data, store, bin_folder, work):
    (x, y), (valid_x, valid_y) = data
    means = [x[y == label].mean(axis=0) for label in (0, 1)]
    for name, distance in (("l1", lambda a, m: np.abs(a - m).mean(axis=1)),
                           ("l2", lambda a, m: np.sqrt(((a - m) ** 2).mean(axis=1)))):
        expected = np.stack([distance(valid_x, mean) for mean in means], axis=1)
        run, evaluation = f"{work}/{name}", f"{work}/{name}.h5"
        subprocess.run([f"{bin_folder}/quern-train", store, "--output", run, "--model",
                        "nearest-mean", "--distance", name, "--force"], check=True,
                       stdout=subprocess.DEVNULL)
        result = json.loads(subprocess.run(
            [f"{bin_folder}/quern-evaluate", run, store, "--output", evaluation, "--json"],
            check=True, stdout=subprocess.PIPE).stdout)
        with h5py.File(evaluation) as file:
            difference = np.abs(-file["samples/scores"][:] - expected).max()
        predicted = expected.argmin(axis=1)
        correct = [int(((predicted == label) & (valid_y == label)).sum()) for label in (0, 1)]
        print(f"nearest-mean {name}: distances within {difference:.1e}, correct {correct}")
        assert difference <= DISTANCE_TOLERANCE
        assert [c["correct"] for c in result["classes"]] == correct
        assert result["loss"] is None


def main():
    store_path, bin_folder, work = sys.argv[1:]
    with h5py.File(store_path) as store:
        data = load(store)
    check_linear(data, store_path, bin_folder, work)
    check_nearest_mean(data, store_path, bin_folder, work)


main()
