"""
mnist_sample.py TREE STORE BIN: the figures of MNIST_SAMPLE that were computed independently, once,
in float64.  The runs l1 and l2 of nearest-mean are in the current folder.
"""
import json
import subprocess
import sys

import h5py
import numpy as np

COUNTS = {"train/3": 6131, "train/7": 6265, "valid/3": 1010, "valid/7": 1028}
PIXEL_SUMS = {"train/3": 173474844, "train/7": 143445804, "valid/3": 28936088,
              "valid/7": 23614233}
CORRECT = {"l1": {"3": 926, "7": 1013}, "l2": {"3": 968, "7": 1001}}
MEAN_ACCURACY = {"l1": 0.9511201217398004, "l2": 0.9660756250722349}
# Of train/3/10000.png, the second 3 in order of names.
DISTANCES = {"l1": {"3": 0.11143654574862054, "7": 0.158619097279774},
             "l2": {"3": 0.20208320715530062, "7": 0.3021089131485157}}


def run_json(*command):
    return json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)


tree, store_path, bin_folder = sys.argv[1:]
with h5py.File(store_path) as store:
    classes = store["classes"].asstr()[:].tolist()
    assert classes == ["7", "3"]
    for key, count in COUNTS.items():
        split, name = key.split("/")
        chosen = store[split]["labels"][:] == classes.index(name)
        assert chosen.sum() == count
        assert store[split]["images"][:][chosen].sum(dtype=np.int64) == PIXEL_SUMS[key]
    assert store["train/paths"].asstr()[1] == "train/3/10000.png"
for distance in ("l1", "l2"):
    result = run_json(f"{bin_folder}/quern-evaluate", distance, store_path, "--json")
    assert {c["name"]: c["correct"] for c in result["classes"]} == CORRECT[distance]
    assert abs(result["mean_class_accuracy"] - MEAN_ACCURACY[distance]) < 1e-12
    image = run_json(f"{bin_folder}/quern-predict", distance, f"{tree}/train/3/10000.png",
                     "--jsonl", "/dev/stdout")
    assert image["class"] == "3"
    for name, expected in DISTANCES[distance].items():
        assert abs(-image["scores"][name] - expected) < 1e-6
    print(f"nearest-mean {distance}: {CORRECT[distance]}, mean {MEAN_ACCURACY[distance]:.4f}")
