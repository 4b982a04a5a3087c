#!/usr/bin/env python3
"""Every stage on a file or folder that is there already: what may be replaced, and what may not."""
import os
import pathlib
import unittest

from support import OrdinaryTest, has_option, pack, sha256

PROSE = "Chapter 1\n" * 1000


class ExistingFiles(OrdinaryTest):
    def setUp(self):
        super().setUp()
        for name, classes in (("tree", "3,7"), ("other", "1,8")):
            self.succeed("quern-draw", name, "--classes", classes, "--train", 30, "--valid", 10)
            self.succeed("quern-ingest", name, f"{name}.h5")
        self.succeed("quern-train", "tree.h5", "--output", "run", "--recipe", "lesson", "--epochs", 1)
        pathlib.Path("thesis.txt").write_text(PROSE)

    def expect_refusal(self, file, program, *arguments):
        """The program must end with an error and leave the file as it is."""
        before = sha256(file)
        self.refuse(program, *arguments)
        self.assertEqual(sha256(file), before, f"{program} {arguments} replaced {file}")

    def expect_never_replaced(self, file, program, *arguments):
        """Not with --force either."""
        self.expect_refusal(file, program, *arguments)
        if has_option(program, "--force"):
            self.expect_refusal(file, program, *arguments, "--force")

    def expect_replaced_by_force_only(self, file, program, *arguments):
        before = sha256(file)
        self.expect_refusal(file, program, *arguments)
        if has_option(program, "--force"):
            self.succeed(program, *arguments, "--force")
            self.assertNotEqual(sha256(file), before)

    def test_ingest_other_kinds_of_file(self):
        self.expect_replaced_by_force_only("thesis.txt", "quern-ingest", "tree", "thesis.txt")
        self.expect_replaced_by_force_only("run/epoch-0001.h5", "quern-ingest", "tree",
                                           "run/epoch-0001.h5")

    def test_ingest_store_of_another_source(self):
        self.expect_replaced_by_force_only("other.h5", "quern-ingest", "tree", "other.h5")

    def test_ingest_source_that_grew(self):
        before = sha256("tree.h5")
        os.rename("other/train/1/000003.png", "tree/train/3/999999.png")
        self.succeed("quern-ingest", "tree", "tree.h5")
        self.assertNotEqual(sha256("tree.h5"), before)

    def test_ingest_own_source(self):
        for kind in ("tar", "tar.gz", "zip"):
            pack("tree", f"a.{kind}")
            os.link(f"a.{kind}", f"same.{kind}")
            os.symlink(f"a.{kind}", f"link.{kind}")
            for output in ("a", "same", "link"):
                with self.subTest(kind=kind, output=output):
                    self.expect_never_replaced(f"a.{kind}", "quern-ingest", f"a.{kind}",
                                               f"{output}.{kind}")
        self.expect_never_replaced("tree/train/3/000000.png", "quern-ingest", "tree",
                                   "tree/train/3/000000.png")

    def test_merge_own_shard(self):
        for shard in (1, 2):
            self.succeed("quern-ingest", "tree", f"{shard}.h5", "--shard", f"{shard}/2")
        self.expect_never_replaced("1.h5", "quern-ingest", "--merge", "1.h5", "1.h5", "2.h5")
        self.expect_replaced_by_force_only("thesis.txt", "quern-ingest", "--merge", "thesis.txt",
                                           "1.h5", "2.h5")

    def test_shard_other_kinds_of_file(self):
        self.expect_replaced_by_force_only("thesis.txt", "quern-ingest", "tree", "thesis.txt",
                                           "--shard", "1/2")

    def test_write_list_other_kinds_of_file(self):
        self.expect_refusal("thesis.txt", "quern-ingest", "--write-list", "thesis.txt", "tree")

    def test_train_into_a_file_or_an_input(self):
        self.expect_refusal("thesis.txt", "quern-train", "tree.h5", "--output", "thesis.txt")
        self.expect_refusal("tree.h5", "quern-train", "tree.h5", "--output", "tree.h5")

    def test_train_into_another_run(self):
        self.expect_refusal("run/epoch-0001.h5", "quern-train", "other.h5", "--output", "run",
                            "--epochs", 1)
        pathlib.Path("run/notes.txt").write_text(PROSE)
        self.succeed("quern-train", "other.h5", "--output", "run", "--recipe", "lesson", "--epochs", 1, "--force")
        self.assertEqual(pathlib.Path("run/notes.txt").read_text(), PROSE)

    def test_evaluate_other_kinds_of_file(self):
        self.expect_replaced_by_force_only("thesis.txt", "quern-evaluate", "run", "tree.h5",
                                           "--output", "thesis.txt")

    def test_evaluate_inputs(self):
        for output in ("tree.h5", "run/epoch-0001.h5"):
            self.expect_never_replaced(output, "quern-evaluate", "run", "tree.h5", "--output",
                                       output)

    def test_evaluate_older_evaluation(self):
        self.succeed("quern-evaluate", "run", "tree.h5", "--output", "evaluation.h5")
        before = sha256("evaluation.h5")
        self.succeed("quern-evaluate", "run", "tree.h5", "--split", "train", "--output",
                     "evaluation.h5")
        self.assertNotEqual(sha256("evaluation.h5"), before)

    def test_draw_into_a_folder_that_is_not_empty(self):
        self.expect_refusal("tree/train/3/000000.png", "quern-draw", "tree", "--seed", 5)
        self.expect_refusal("thesis.txt", "quern-draw", "thesis.txt")

    def test_output_that_is_a_link(self):
        os.mkdir("scratch")
        os.symlink("scratch/store.h5", "store.h5")
        self.succeed("quern-ingest", "tree", "store.h5")
        self.succeed("quern-ingest", "tree", "store.h5", "--force")
        os.symlink("scratch/evaluation.h5", "evaluation.h5")
        for _ in range(2):
            self.succeed("quern-evaluate", "run", "store.h5", "--output", "evaluation.h5")
        for name in ("store.h5", "evaluation.h5"):
            self.assertTrue(os.path.islink(name), f"{name} is no link any more")
            self.assertTrue(os.path.isfile(f"scratch/{name}"))
        self.assert_equal_files("tree.h5", "scratch/store.h5")


if __name__ == "__main__":
    unittest.main()
