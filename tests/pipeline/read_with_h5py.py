"""Reads the files of one pipeline run and asserts that they agree with each other."""
import json
import sys

import h5py
import numpy as np


def read_store(path):
    with h5py.File(path, "r") as store:
        assert [name.decode() for name in store["classes"][:]] == ["7", "3"]
        assert store["train/images"].shape == (120, 12, 12)
        assert store["train/images"].dtype == np.uint8
        paths = [path.decode() for path in store["valid/paths"][:]]
        assert len(paths) == 40 and paths == sorted(paths)
        labels = store["valid/labels"][:]
        assert all(("7", "3")[label] == path.split("/")[1] for label, path in zip(labels, paths))
        images = store["train/images"][:].astype(np.float64) / 255
        for label in range(2):
            mean = images[store["train/labels"][:] == label].mean(axis=0)
            assert np.abs(store["train/class_means"][label] - mean).max() < 1e-6
        return store["valid/images"][:], labels


def predict(path, images):
    with h5py.File(path, "r") as checkpoint:
        weight = checkpoint["parameters/linear/weight"][:].astype(np.float64)
        bias = checkpoint["parameters/linear/bias"][:].astype(np.float64)
        assert checkpoint["progress"].attrs["epoch"] == 2
    pixels = images.reshape(len(images), -1) / 255
    return (pixels @ weight.T + bias)[:, 0] > 0


def main(work_dir):
    images, labels = read_store(f"{work_dir}/store.h5")
    predicted = predict(f"{work_dir}/run/epoch-0002.h5", images)
    with open(f"{work_dir}/evaluation.json", encoding="utf-8") as file:
        evaluation = json.load(file)
    assert evaluation["correct"] == int((predicted == labels).sum())
    for label, entry in enumerate(evaluation["classes"]):
        assert entry["correct"] == int((predicted == labels)[labels == label].sum())
    with h5py.File(f"{work_dir}/evaluation.h5", "r") as file:
        assert len(file) > 0


main(sys.argv[1])
