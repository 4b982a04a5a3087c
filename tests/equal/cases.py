"""The data and the commands that run.py gives to two builds.

A case is a name and commands, each a program and its arguments, run in a folder of the case's own.
The data lie in ../data: PREPARED draws them, prepare_archives packs them.  Every command gets --threads.
"""
import io
import os
import pathlib
import tarfile
import zipfile

# A build without --recipe has this one, and is run without.
LESSON = ("--recipe", "lesson")

PREPARED = (
    ("quern-draw", "--classes", "0,1,2,3", "--train", "75", "--valid", "20", "--test", "10", "gray"),
    ("quern-draw", "--classes", "3,7", "--rgb", "--size", "9x11", "--train", "140", "--valid", "30",
     "rgb"),
    ("quern-draw", "--classes", "1,3,7", "--size", "128x128", "--train", "150", "--valid", "60",
     "large"),
    ("quern-ingest", "gray", "gray.h5"),
    ("quern-ingest", "rgb", "rgb.h5"),
    ("quern-ingest", "large", "large.h5"),
    ("quern-train", "gray.h5", *LESSON, "--output", "trained", "--epochs", "1"),
)

STORES = (
    ("draw", ("quern-draw", "--classes", "0,9", "--train", "20", "--valid", "5", "--seed", "4", "tree"),
     ("quern-draw", "--rgb", "--size", "33x17", "--train", "9", "--valid", "2", "coloured")),
    ("gray", ("quern-ingest", "../data/gray", "store.h5")),
    ("rgb", ("quern-ingest", "../data/rgb", "store.h5")),
    ("chosen classes", ("quern-ingest", "--classes", "3,1", "../data/gray", "store.h5")),
    ("valid fraction", ("quern-ingest", "--valid-fraction", "0.25", "--seed", "5",
                        "../data/gray/train", "store.h5")),
    ("resized, gray to rgb", ("quern-ingest", "--size", "13x40", "--channels", "rgb", "../data/gray",
                              "store.h5")),
    ("resized, rgb to gray", ("quern-ingest", "--size", "20x5", "--channels", "gray", "../data/rgb",
                              "store.h5")),
    ("compression 9", ("quern-ingest", "--compression-level", "9", "../data/gray", "store.h5")),
    ("bad files", ("quern-ingest", "--skip-bad", "../data/bad", "store.h5")),
    ("tar", ("quern-ingest", "../data/gray.tar", "store.h5")),
    ("tar.gz", ("quern-ingest", "../data/gray.tar.gz", "store.h5")),
    ("zip", ("quern-ingest", "../data/gray.zip", "store.h5")),
    ("large tar.gz", ("quern-ingest", "../data/large.tar.gz", "store.h5")),
    ("three shards",
     ("quern-ingest", "--shard", "1/3", "../data/gray", "1.h5"),
     ("quern-ingest", "--shard", "2/3", "../data/gray", "2.h5"),
     ("quern-ingest", "--shard", "3/3", "../data/gray", "3.h5"),
     ("quern-ingest", "--merge", "store.h5", "2.h5", "3.h5", "1.h5")),
    ("two shards of an archive",
     ("quern-ingest", "--valid-fraction", "0.3", "--shard", "1/2", "../data/flat.zip", "1.h5"),
     ("quern-ingest", "--valid-fraction", "0.3", "--shard", "2/2", "../data/flat.zip", "2.h5"),
     ("quern-ingest", "--merge", "store.h5", "1.h5", "2.h5")),
    # The list itself may look otherwise in another version: it is removed.
    ("list",
     ("quern-ingest", "--write-list", "files.list", "../data/gray"),
     ("quern-ingest", "--list", "files.list", "../data/gray", "store.h5"),
     ("rm", "files.list")),
)


def train(store, *options, output="run"):
    return ("quern-train", store, *LESSON, "--output", output, *options)


def evaluate(store, *options, output="evaluation.h5"):
    return ("quern-evaluate", "run", store, "--output", output, *options)


GRAY, RGB, LARGE = "../data/gray.h5", "../data/rgb.h5", "../data/large.h5"
STREAM = ("--memory-limit", "9M", "--shuffle", "window:2", "--batch-size", "20")

RUNS = (
    ("mae, four classes", train(GRAY, "--epochs", "3", "--batch-size", "70"), evaluate(GRAY)),
    ("mae, rgb, momentum", train(RGB, "--epochs", "3", "--momentum", "0.9", "--learning-rate", "0.2"),
     evaluate(RGB, "--split", "train")),
    ("cross-entropy", train(GRAY, "--epochs", "2", "--loss", "cross-entropy", "--batch-size", "33",
                            "--momentum", "0.5"),
     evaluate(GRAY, "--split", "test", "--json")),
    ("two classes, cross-entropy", train(RGB, "--epochs", "2", "--loss", "cross-entropy"),
     evaluate(RGB)),
    ("accumulated, decayed", train(RGB, "--epochs", "2", "--batch-size", "50", "--accumulate", "2",
                                   "--weight-decay", "0.01", "--shuffle", "none")),
    ("windows", train(GRAY, "--epochs", "2", "--shuffle", "window:2", "--seed", "9")),
    ("zeros, one batch", train(GRAY, "--epochs", "4", "--init", "zeros", "--batch-size", "100000")),
    ("from a checkpoint", train(GRAY, "--epochs", "2", "--init-from", "../data/trained/epoch-0001.h5",
                                "--learning-rate", "0.1")),
    ("kept, seldom", train(GRAY, "--epochs", "7", "--checkpoint-every", "2", "--keep", "2")),
    ("resumed", train(GRAY, "--epochs", "2", "--momentum", "0.9"),
     train(GRAY, "--epochs", "5", "--momentum", "0.9", "--resume"), evaluate(GRAY)),
    ("streamed", train(LARGE, "--epochs", "2", *STREAM),
     evaluate(LARGE, "--split", "train", "--memory-limit", "5M")),
    ("not streamed", train(LARGE, "--epochs", "2", *STREAM[2:]), evaluate(LARGE, "--split", "train")),
    ("nearest mean, l1", train(GRAY, "--model", "nearest-mean"), evaluate(GRAY)),
    ("nearest mean, l2", train(RGB, "--model", "nearest-mean", "--distance", "l2"), evaluate(RGB)),
)

# On MNIST_SAMPLE, where it is given.
MNIST = (
    ("MNIST_SAMPLE, mae", ("quern-ingest", "../data/mnist_sample", "store.h5", "--classes", "7,3"),
     train("store.h5", "--epochs", "3"), evaluate("store.h5")),
    ("MNIST_SAMPLE, cross-entropy", ("quern-ingest", "../data/mnist_sample.tar.gz", "store.h5"),
     train("store.h5", "--epochs", "2", "--loss", "cross-entropy", "--momentum", "0.9",
           "--learning-rate", "0.05"), evaluate("store.h5")),
    ("MNIST_SAMPLE, nearest mean", ("quern-ingest", "../data/mnist_sample", "store.h5"),
     train("store.h5", "--model", "nearest-mean"), evaluate("store.h5")),
)


def files_of(tree):
    return sorted(path for path in pathlib.Path(tree).rglob("*") if path.is_file())


def pack(tree, archive, top=""):
    """Writes the files of a tree, in order of names, the same bytes each time."""
    if archive.endswith(".zip"):
        with zipfile.ZipFile(archive, "w") as out:
            for number, path in enumerate(files_of(tree)):
                info = zipfile.ZipInfo(top + str(path.relative_to(tree)), (2020, 1, 1, 0, 0, 0))
                info.compress_type = zipfile.ZIP_DEFLATED if number % 2 else zipfile.ZIP_STORED
                out.writestr(info, path.read_bytes())
        return
    with tarfile.open(archive, "w:gz" if archive.endswith("gz") else "w") as out:
        for path in files_of(tree):
            content = path.read_bytes()
            info = tarfile.TarInfo(top + str(path.relative_to(tree)))
            info.size = len(content)
            out.addfile(info, io.BytesIO(content))


def prepare_archives():
    """In the folder of the data, where the trees have been drawn."""
    for archive in ("gray.tar", "gray.tar.gz", "gray.zip", "large.tar.gz"):
        pack(archive.split(".", maxsplit=1)[0], archive, "top/")
    pack("gray/train", "flat.zip")
    # Trees share their files by hard links.
    for path in files_of("gray"):
        link = pathlib.Path("bad") / path.relative_to("gray")
        link.parent.mkdir(parents=True, exist_ok=True)
        os.link(path, link)
    whole = files_of("gray/train/0")[0].read_bytes()
    pathlib.Path("bad/train/0/cut.png").write_bytes(whole[:-20])
    pathlib.Path("bad/train/1/empty.png").write_bytes(b"")
    pathlib.Path("bad/valid/2/text.png").write_bytes(b"no image")
