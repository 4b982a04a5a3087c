#!/usr/bin/env python3
"""Compares runs by their logs, and summarises a table of predictions.

    runs.py RUN_DIR... [PREDICTIONS.csv...]
"""
import pathlib
import sys

import pandas as pd

runs = [pathlib.Path(name) for name in sys.argv[1:] if not name.endswith(".csv")]
if runs:
    # One object a line, with an event each; a run that was started again has the events of all its starts.
    logs = pd.concat([pd.read_json(run / "log.jsonl", lines=True).assign(run=run.name) for run in runs],
                     ignore_index=True)
    epochs = logs[logs.event == "epoch"].drop_duplicates(["run", "epoch"], keep="last")
    epochs = epochs.astype({"epoch": int})
    best = epochs.loc[epochs.groupby("run").valid_loss.idxmin()].set_index("run")
    best["seconds"] = epochs.groupby("run").seconds.sum()
    print(best[["epoch", "train_loss", "valid_loss", "valid_accuracy", "seconds"]].to_string(float_format="%.4f"))

for name in sys.argv[1:]:
    if name.endswith(".csv"):
        table = pd.read_csv(name, dtype={"class": str, "path": str, "error": str}, keep_default_na=False,
                            na_values={"probability": [""]})
        print(f"{name}: {len(table):,} images, {(table.error != '').sum()} of them could not be read")
        read = table[table.error == ""]
        print(read.groupby("class").probability.describe()[["count", "mean", "min"]].to_string(float_format="%.4f"))
        print("least certain:", *read.nsmallest(3, "probability").path, sep="\n  ")
