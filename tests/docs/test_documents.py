#!/usr/bin/env python3
"""The rules of documents.py: what counts as accounted for, and as the same output."""
import unittest

import documents
from documents import DocumentError


def blocks_of(text):
    blocks = documents.read_blocks(text)
    documents.check_accounted(blocks)
    return blocks


class Accounted(unittest.TestCase):
    def test_block_of_no_kind_is_refused(self):
        with self.assertRaisesRegex(DocumentError, "line 1: a block of kind ''"):
            blocks_of("```\nquern-train\n```\n")

    def test_block_of_an_unknown_kind_is_refused(self):
        with self.assertRaisesRegex(DocumentError, "kind 'bash'"):
            blocks_of("```bash\nquern-train\n```\n")

    def test_reason_is_needed(self):
        self.assertEqual(len(blocks_of("<!-- test: not run: a cluster -->\n```\nsbatch\n```\n")), 1)
        with self.assertRaisesRegex(DocumentError, "needs a reason"):
            blocks_of("<!-- test: not run: -->\n```\nsbatch\n```\n")

    def test_commands_in_a_text_are_refused(self):
        blocks_of("```text\n/classes   string\n```\n")
        for command in ("quern-train store.h5", "quern train store.h5", "$ ls", "./jobs/quickstart.sh"):
            with self.assertRaisesRegex(DocumentError, "with a command in it"):
                blocks_of(f"```text\n{command}\n```\n")

    def test_output_without_commands_is_refused(self):
        blocks_of("```sh\nls\n```\n```output\na\n```\n")
        with self.assertRaisesRegex(DocumentError, "without the commands"):
            blocks_of("```output\na\n```\n")

    def test_fences_that_others_would_take_for_blocks_are_refused(self):
        for fence in ("  ```sh\nls\n  ```\n", "```sh title\nls\n```\n"):
            with self.assertRaisesRegex(DocumentError, "a fence that"):
                blocks_of(fence)
        with self.assertRaisesRegex(DocumentError, "has no end"):
            blocks_of("```sh\nls\n")

    def test_markers(self):
        block, = blocks_of("<!-- test: first: one\ntwo -->\n<!-- test: exit: 65 -->\n```sh\nls\n```\n")
        self.assertEqual(block.markers, {"first": "one\ntwo", "exit": "65"})
        for text in ("<!-- test: skip -->\n```sh\nls\n```\n", "<!-- test: exit: 65 -->\ntext\n"):
            with self.assertRaises(DocumentError):
                blocks_of(text)

    def test_console(self):
        block, = blocks_of("```console\n$ a \\\n  b\nout\n$ c\n```\n")
        self.assertEqual(documents.split_console(block), [(["a \\", "  b"], ["out"]), (["c"], [])])
        with self.assertRaisesRegex(DocumentError, "begins with"):
            documents.split_console(blocks_of("```console\nout\n```\n")[0])

    def test_cells(self):
        block, = blocks_of("<!-- test: cells: quern-y x -->\n| a | b |\n|---|---|\n| `quern-x a` | `quern-z b`, `--c`, `d` |\n")
        self.assertEqual(block.text, ["quern-z b", "quern-y x --c"])


class Shown(unittest.TestCase):
    def is_shown(self, shown, out, err=""):
        return documents.is_shown(*(documents.normalise(text) for text in (shown, out, err)))

    def test_lines(self):
        self.assertTrue(self.is_shown("a\nb", "a\nb\n"))
        for other in ("a", "a\nc", "a\nb\nc", "b\na"):
            self.assertFalse(self.is_shown("a\nb", other), other)

    def test_both_streams_in_any_order(self):
        self.assertTrue(self.is_shown("a\nx\nb", "a\nb", "x"))
        self.assertTrue(self.is_shown("a\nb", "a\nb", "x"))         # standard output alone
        self.assertFalse(self.is_shown("b\nx\na", "a\nb", "x"))
        self.assertFalse(self.is_shown("a\nx", "a\nb", "x"))

    def test_progress_is_left_out(self):
        date = "2026-11-26T17:38:12+0000 "
        self.assertTrue(self.is_shown("a", "a", date + "quern-train: epoch 4/9: 37,312 of 60,000 samples, 62%, 3,729/s"))
        self.assertTrue(self.is_shown("quern-train: note: x\na", "a", date + "quern-train: note: x"))

    def test_lines_left_out(self):
        self.assertTrue(self.is_shown("a\n...\nd", "a\nb\nc\nd"))
        self.assertFalse(self.is_shown("a\n...\nc", "a\nb\nc\nd"))

    def test_times_are_not_compared_and_nothing_else(self):
        self.assertTrue(self.is_shown("took 3.1 s, 10,000 images/s", "took 20 s, 9 images/s"))
        self.assertTrue(self.is_shown("      1/3    0.097699    0.037362        0.985770     2.504       4951",
                                      "      1/3    0.097699    0.037362        0.985770     0.391      31691"))
        self.assertFalse(self.is_shown("      1/3    0.097699    0.037362        0.985770     2.504       4951",
                                       "      1/3    0.097699    0.037362        0.985771     0.391      31691"))
        self.assertTrue(self.is_shown("run    0.5 ms  done", "run  12.0 ms  done"))
        self.assertTrue(self.is_shown("run    0.5 ms  done", "run  1 min 07 s  done"))
        self.assertTrue(self.is_shown(" 9/20  0.1  0.98  1.2 s  3.1 M", " 9/20  0.1  0.98  11.0 ms  6,100"))
        self.assertFalse(self.is_shown("3 images", "4 images"))
        self.assertFalse(self.is_shown("accuracy 0.98", "accuracy 0.99"))

    def test_update_leaves_out_what_was_left_out_and_keeps_times(self):
        shown = ["head 1", "...", "epoch 3 2.0 s", "...", "tail"]
        found = ["head 2", "epoch 1 1.0 s", "epoch 2 1.1 s", "epoch 3 9.0 s", "more", "tail", "tail 2"]
        self.assertEqual(documents.update_shown(shown, found), ["head 2", "...", "epoch 3 2.0 s", "...", "tail 2"])
        self.assertEqual(documents.update_shown(["a"], ["b", "a"]), ["b", "a"])


if __name__ == "__main__":
    unittest.main(verbosity=0)
