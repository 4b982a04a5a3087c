#!/usr/bin/env python3
"""OpenMP may give fewer threads than a program asks for: every stage works, with the same results."""
import os
import unittest

from support import OrdinaryTest, files_of, sha256

LIMITS = ({"OMP_THREAD_LIMIT": "1"}, {"OMP_THREAD_LIMIT": "2"}, {"OMP_THREAD_LIMIT": "3"},
          {"OMP_DYNAMIC": "true"}, {"OMP_DYNAMIC": "true", "OMP_THREAD_LIMIT": "2"})
DRAW = ("--classes", "1,3,7", "--train", 400, "--valid", 100, "--size", "60x60")
TRAIN = ("--recipe", "lesson", "--epochs", 2, "--batch-size", 40, "--momentum", 0.5, "--loss", "cross-entropy")


def checksums(folder):
    """SHA-256 by the names of the files of a folder, those apart that tell of times."""
    return {str(path.relative_to(folder)): sha256(path) for path in files_of(folder)
            if path.name != "log.jsonl"}


class ThreadLimits(OrdinaryTest):
    def run_stages(self, threads, **limit):
        """In the current folder; the source is ../tree for all."""
        def run(program, *arguments):
            self.succeed(program, *arguments, "--threads", threads, **limit)

        run("quern-draw", "drawn", *DRAW)
        run("quern-ingest", "../tree", "store.h5", "--io-threads", threads)
        run("quern-ingest", "../tree", "shard1.h5", "--shard", "1/2")
        run("quern-ingest", "../tree", "shard2.h5", "--shard", "2/2")
        run("quern-ingest", "--merge", "merged.h5", "shard1.h5", "shard2.h5")
        run("quern-train", "store.h5", "--output", "run", *TRAIN)
        run("quern-train", "store.h5", "--output", "run", *TRAIN, "--epochs", 3, "--resume")
        run("quern-train", "store.h5", "--output", "streamed", *TRAIN, "--batch-size", 8,
            "--shuffle", "window:1", "--memory-limit", "5M")
        with open("streamed/log.jsonl", encoding="utf-8") as log:
            self.assertIn('"train_in_memory":false', log.read())
        run("quern-train", "store.h5", "--output", "means", "--model", "nearest-mean")
        run("quern-evaluate", "run", "store.h5", "--output", "evaluation.h5")

    def test_every_stage(self):
        self.succeed("quern-draw", "tree", *DRAW)
        for folder, threads, limit in [("expected", 1, {})] + [
                (" ".join(limit.values()), 4, limit) for limit in LIMITS]:
            with self.subTest(**limit):
                os.mkdir(folder)
                os.chdir(folder)
                try:
                    self.run_stages(threads, **limit)
                finally:
                    os.chdir("..")
                self.assertEqual(checksums(folder), checksums("expected"))

    def test_good_store_is_never_called_damaged(self):
        """Many times over: which thread is slow is a matter of chance."""
        self.succeed("quern-draw", "tree", *DRAW)
        self.succeed("quern-ingest", "tree", "store.h5")
        before = os.stat("store.h5")
        for _ in range(15):
            self.succeed("quern-train", "store.h5", "--output", "none", "--dry-run", "--threads", 4,
                         OMP_THREAD_LIMIT="3")
            self.succeed("quern-ingest", "tree", "store.h5", "--threads", 4, OMP_THREAD_LIMIT="3")
        self.assertEqual(before.st_ino, os.stat("store.h5").st_ino, "the store was made again")


if __name__ == "__main__":
    unittest.main()
