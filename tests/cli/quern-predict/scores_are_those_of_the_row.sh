# A file of the training set has exactly the scores of its row, from a directory, an archive, a list.
python=${QUERN_PYTHON:-/usr/bin/python3}
"$python" -c 'import h5py, numpy' 2>/dev/null || skip "no python3 with h5py"
quern-draw tree --train 90 --valid 70 --classes 1,3,7 >/dev/null
tar cf tree.tar -C tree train valid
quern-ingest tree store.h5 >/dev/null 2>&1
quern-train store.h5 --recipe lesson --output run --epochs 2 --loss cross-entropy >/dev/null
quern-evaluate run/epoch-0002.h5 store.h5 --output evaluation.h5 >/dev/null
quern-predict run/epoch-0002.h5 tree/valid >directory.csv
quern-predict run/epoch-0002.h5 tree/ --jsonl all.jsonl
quern-predict run/epoch-0002.h5 tree.tar --threads 3 --output archive.h5
(cd tree && find valid -name '*.png' | LC_ALL=C sort | quern-predict ../run/epoch-0002.h5 - >../list.csv)
"$python" -c '
import csv, json, h5py, numpy as np
evaluation = h5py.File("evaluation.h5")
paths = [path.decode() for path in evaluation["samples/paths"]]
classes = [name.decode() for name in evaluation["classes"]]
scores = evaluation["samples/scores"][:]
predicted = [classes[i] for i in evaluation["samples/predictions"]]
for name, prefix in ("directory.csv", "tree/"), ("list.csv", ""):
    rows = list(csv.DictReader(open(name)))
    assert [row["path"] for row in rows] == [prefix + path for path in paths], name
    assert [row["class"] for row in rows] == predicted, name
    values = np.array([[row["score_" + c] for c in classes] for row in rows], dtype=np.float32)
    assert (values == scores).all(), name
    assert all(float(row["probability"]) == max(float(row["score_" + c]) for c in classes)
               for row in rows), name
    print(name, len(rows), "rows")
lines = [json.loads(line) for line in open("all.jsonl")]
valid = {line["path"]: line for line in lines if line["path"].startswith("tree/valid/")}
assert list(valid) == ["tree/" + path for path in paths]
for path, row, name in zip(paths, scores, predicted):
    line = valid["tree/" + path]
    assert line["class"] == name
    assert [np.float32(line["scores"][c]) for c in classes] == list(row)
print("all.jsonl", len(lines), "lines")
predictions = h5py.File("archive.h5")
chosen = [i for i, path in enumerate(predictions["paths"]) if b"/valid/" in path]
assert [predictions["paths"][i].decode() for i in chosen] == ["tree.tar/" + path for path in paths]
assert (predictions["scores"][:][chosen] == scores).all()
assert [classes[i] for i in predictions["predictions"][:][chosen]] == predicted
assert not any(predictions["errors"])
print("archive.h5", predictions.attrs["format"].decode(), len(predictions["paths"]), "rows")'
