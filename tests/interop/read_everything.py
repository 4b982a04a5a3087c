"""
Reads every dataset and attribute of a store, two checkpoints and an evaluation with h5py, checks
names, types and shapes against FORMAT.md, and recomputes checksums and fingerprint with Python's
own zlib and hashlib.
"""
import hashlib
import struct
import sys
import zlib

import h5py
import numpy as np


def read_all(file):
    """Every dataset of a file, read whole, by name; every attribute is read as well."""
    datasets = {}

    def visit(name, item):
        dict(item.attrs)
        if isinstance(item, h5py.Dataset):
            datasets[name] = item[()]

    dict(file.attrs)
    file.visititems(visit)
    return datasets


def fingerprint(file):
    """FORMAT.md, "Fingerprint"."""
    shape = [int(n) for n in file.attrs["image_shape"]]
    digest = hashlib.sha256(b"quern fingerprint 1\n")
    digest.update(struct.pack("<3Q", shape[0], shape[1], shape[2] if len(shape) == 3 else 1))
    digest.update(struct.pack("<Q", len(file["classes"])))
    for name in file["classes"][:]:
        digest.update(struct.pack("<Q", len(name)) + name)
    for split in ("train", "valid", "test"):
        if split not in file:
            digest.update(struct.pack("<Q", 0))
            continue
        digest.update(struct.pack("<Q", len(file[split]["labels"])))
        digest.update(file[split]["labels"][:].astype("<u4").tobytes())
        digest.update(file[split]["pixel_crc32"][:].astype("<u4").tobytes())
    return digest.hexdigest()


def check_store(path):
    with h5py.File(path, "r") as file:
        read_all(file)
        assert file.attrs["format"] == b"quern store"
        assert file.attrs["format_version"].startswith(b"1.")
        num_classes = len(file["classes"])
        assert file["classes"].asstr()[:].tolist() == ["1", "3", "7"]
        for split, num_rows in (("train", 900), ("valid", 180), ("test", 60)):
            group = file[split]
            images = group["images"][:]
            assert images.dtype == np.uint8 and images.shape == (num_rows, 28, 28)
            assert group["images"].compression == "gzip" and group["images"].chunks[1:] == (28, 28)
            assert [d.label for d in group["images"].dims] == ["sample", "height", "width"]
            labels = group["labels"][:]
            assert labels.dtype.kind == "u" and labels.max() < num_classes
            paths = group["paths"].asstr()[:]
            assert sorted(paths, key=lambda p: p.encode()) == list(paths)
            assert paths[0].startswith(split + "/1/")
            assert group["crc32"].dtype == np.uint32 and group["crc32"].shape == (num_rows,)
            crc32 = [zlib.crc32(image.tobytes()) for image in images]
            assert crc32 == group["pixel_crc32"][:].tolist()
            means = group["class_means"][:]
            assert means.dtype == np.float32
            for label in range(num_classes):
                mean = images[labels == label].mean(axis=0) / 255
                assert np.abs(means[label] - mean).max() < 1e-6
        assert file["rejects/path"].asstr()[:].tolist() == ["train/1/empty.png"]
        assert len(file["rejects/reason"].asstr()[0]) > 0
        assert file.attrs["fingerprint"].decode() == fingerprint(file)
        return file.attrs["fingerprint"]


def check_tensors(group):
    count = 0

    def visit(_, item):
        nonlocal count
        if isinstance(item, h5py.Dataset):
            assert item.dtype == np.float32
            assert zlib.crc32(item[()].astype("<f4").tobytes()) == item.attrs["crc32"]
            count += 1

    group.visititems(visit)
    return count


def check_checkpoint(path, store_fingerprint, is_linear):
    with h5py.File(path, "r") as file:
        read_all(file)
        assert file.attrs["format"] == b"quern checkpoint"
        assert file["classes"].asstr()[:].tolist() == ["1", "3", "7"]
        assert file["store"].attrs["fingerprint"] == store_fingerprint
        assert file["store"].attrs["image_shape"].tolist() == [28, 28]
        assert file["progress"].attrs["finished"] == 1
        history = file["history"]
        columns = ("epoch", "train_loss", "valid_loss", "valid_accuracy", "learning_rate")
        assert sorted(history) == sorted(columns)
        if is_linear:
            assert file["config"].attrs["model"] == b"linear"
            assert file["config"].attrs["momentum"] == 0.9
            assert file["parameters/linear/weight"].shape == (3, 784)
            assert file["parameters/linear/bias"].shape == (3,)
            assert check_tensors(file["parameters"]) == 2 and check_tensors(file["optimizer"]) == 2
            assert history["epoch"][:].tolist() == [1, 2, 3]
            assert history["train_loss"][2] < history["train_loss"][0]
        else:
            assert file["config"].attrs["model"] == b"nearest-mean"
            assert file["parameters/class_means/mean"].shape == (3, 28, 28)
            assert check_tensors(file["parameters"]) == 1 and check_tensors(file["optimizer"]) == 0


def check_evaluation(path, store_fingerprint):
    with h5py.File(path, "r") as file:
        read_all(file)
        assert file.attrs["format"] == b"quern evaluation"
        assert file.attrs["store_fingerprint"] == store_fingerprint
        labels, predictions = file["samples/labels"][:], file["samples/predictions"][:]
        confusion = np.zeros((3, 3), dtype=np.uint64)
        np.add.at(confusion, (labels, predictions), 1)
        assert (confusion == file["confusion"][:]).all()
        assert file["samples/scores"].shape == (180, 3)
        assert (file["samples/scores"][:].argmax(axis=1) == predictions).all()
        assert file["samples/paths"].asstr()[0].startswith("valid/1/")
        assert file["per_class/correct"][:].tolist() == np.diag(confusion).tolist()
        assert file.attrs["accuracy"] == (labels == predictions).mean()
        low, high = file.attrs["accuracy_interval"]
        assert low < file.attrs["accuracy"] < high
        assert file.attrs["balanced_accuracy"] == file.attrs["mean_class_accuracy"]
        assert file.attrs["macro_recall"] == file["per_class/recall"][:].mean()
        assert file["per_class/precision_interval"].shape == (3, 2)
        assert file["samples/rows"][:].tolist() == list(range(180))
        assert len(file["checkpoint"].attrs["digest"]) == 64 and "model" in file["config"].attrs
        if file.attrs["scores_meaning"] == b"probability":
            assert file["calibration/total"][:].sum() == 180
            assert len(file["calibration/edges"]) == len(file["calibration/total"]) + 1


store_path, linear_path, means_path, evaluation_path = sys.argv[1:]
found = check_store(store_path)
check_checkpoint(linear_path, found, True)
check_checkpoint(means_path, found, False)
check_evaluation(evaluation_path, found)
