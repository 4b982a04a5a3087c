"""What the peers share: how they talk to bench/run.sh, and how they read the store.

A peer is a script that stays alive while its row is measured, so that its imports and its data are
no part of what is timed.  It prints "ready" and a description, then, for every line that it reads,
"seconds" and what one run of its work took.  It ends when its input does.
"""
import sys
import time


def serve(description, measure):
    """measure() does the work once and returns the seconds that it took."""
    print("ready", description, flush=True)
    for _ in sys.stdin:
        print("seconds", "%.9f" % measure(), flush=True)


def seconds_of(work):
    """The seconds that work() takes, and what it returns."""
    start = time.perf_counter()
    result = work()
    return time.perf_counter() - start, result


def check(is_right, message):
    if not is_right:
        sys.exit("the peer computes something else: " + message)


def read_split(store_path, split):
    """uint8 images [N, H, W] and labels [N] of one split."""
    import h5py

    with h5py.File(store_path, "r") as store:
        return store[split]["images"][:], store[split]["labels"][:]


def read_paths(store_path, split):
    """The paths [N] of one split's images, relative to the tree that they were read from."""
    import h5py

    with h5py.File(store_path, "r") as store:
        return [path.decode() for path in store[split]["paths"][:]]
