#!/usr/bin/env python3
"""Archives of some megabytes: the store is that of the tree, wherever in the archive an image lies."""
import os
import pathlib
import re
import struct
import unittest
import zlib

from support import OrdinaryTest, files_of, pack

MEBIBYTE = 1 << 20
KINDS = ("tar", "tar.gz", "zip")


def pad_png(content, nbytes):
    """The same image in a file of nbytes, by a text of that length before its end."""
    end = content[-12:]
    text = b"Comment\0" + b"x" * (nbytes - len(content) - 12 - 8)
    chunk = b"tEXt" + text
    return content[:-12] + struct.pack(">I", len(text)) + chunk + struct.pack(
        ">I", zlib.crc32(chunk)) + end


class Archives(OrdinaryTest):
    def fingerprint(self, source, store):
        """Of the store of a source: stores of a tree and of its archive differ in where they are from."""
        return re.search("fingerprint [0-9a-f]+", self.succeed("quern-ingest", source, store,
                                                               "--force"))[0]

    def expect_tree_store(self, archive):
        """The archive's store holds what that of the tree does, of which self.tree_store tells."""
        self.assertEqual(self.fingerprint(archive, "archive.h5"), self.tree_store)

    def test_thousands_of_images(self):
        self.succeed("quern-draw", "tree", "--classes", "0,1,2,3,4,5,6,7,8,9", "--train", 300,
                     "--valid", 50, "--size", "40x40")
        self.tree_store = self.fingerprint("tree", "tree.h5")
        for kind in KINDS:
            with self.subTest(kind):
                pack("tree", f"tree.{kind}")
                self.assertGreater(os.path.getsize(f"tree.{kind}"), MEBIBYTE)
                self.expect_tree_store(f"tree.{kind}")
                # Again, it is up to date.
                before = os.stat("archive.h5")
                self.succeed("quern-ingest", f"tree.{kind}", "archive.h5")
                after = os.stat("archive.h5")
                self.assertEqual((before.st_ino, before.st_mtime_ns),
                                 (after.st_ino, after.st_mtime_ns))

    def test_image_at_any_distance_from_a_mebibyte(self):
        """The 1,024 images of class 3 have a mebibyte together, less `room` bytes; then comes 7."""
        self.succeed("quern-draw", "drawn", "--classes", "3", "--train", 1027, "--valid", 1)
        for number, path in enumerate(files_of("drawn/train")):
            folder = pathlib.Path("tree/train/3" if number < 1024 else "tree/train/7")
            folder.mkdir(parents=True, exist_ok=True)
            (folder / path.name).write_bytes(pad_png(path.read_bytes(), 1024))
        first = pathlib.Path("tree/train/3/000000.png")
        drawn = pathlib.Path("drawn/train/3/000000.png").read_bytes()
        for room in (1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 16):
            first.write_bytes(pad_png(drawn, 1024 - room))
            self.tree_store = self.fingerprint("tree", "tree.h5")
            for kind in KINDS:
                with self.subTest(room=room, kind=kind):
                    pack("tree", f"tree.{kind}")
                    self.expect_tree_store(f"tree.{kind}")


class RealArchives(OrdinaryTest):
    """Archives that are not in the repository; skipped where they are not named."""

    def expect_whole(self, variable, num_images):
        archive = os.environ.get(variable, "")
        if not archive:
            self.skipTest(f"{variable} is not set")
        result = self.run_program("quern-ingest", archive, "store.h5")
        self.assertEqual(result.returncode, 0, result.stdout)
        self.assertIn(f"{num_images:,}", result.stdout)

    def test_ten_digits(self):
        self.expect_whole("QUERN_MNIST_PNG", 60000)


if __name__ == "__main__":
    unittest.main()
