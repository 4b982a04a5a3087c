"""The loop that serves both decoders: every file of the tree, one after the other, into memory."""
import os

import numpy as np

from peer import check, read_paths, read_split, seconds_of, serve


def serve_loop(description, decode_all, path_type, tree, store_path, as_stored=lambda image: image):
    """decode_all(paths) returns one array [H, W] or [H, W, 3] for each path; paths are of path_type.
    as_stored(array) has its channels in the store's order; it is no part of the time.

    The list of files is given to it: to look for them is no part of its time.  Before anything is
    timed, what it decodes is compared with the store, which also warms the files in the page cache.
    """
    splits = ["train", "valid"]
    paths = [
        path_type(os.path.join(tree, path))
        for split in splits
        for path in read_paths(store_path, split)
    ]
    images = np.concatenate([read_split(store_path, split)[0] for split in splits])
    decoded = np.stack([as_stored(np.asarray(image)) for image in decode_all(paths)])
    check(np.array_equal(decoded, images), "its pixels are not those of " + store_path)
    del decoded, images
    serve(description, lambda: seconds_of(lambda: decode_all(paths))[0])
