"""Fails unless two quern-evaluate --json outputs hold the same figures (paths aside)."""
import json
import sys

a, b = (json.load(open(path)) for path in sys.argv[1:3])
for key in ("model", "split", "correct", "total", "accuracy", "mean_class_accuracy", "loss",
            "classes", "confusion"):
    assert a[key] == b[key], (key, a[key], b[key])
