#!/usr/bin/env python3
"""Runs the commands of the documents, and compares what the documents show with what is printed.

    run.py [--full] [--update] [--keep DIR] [DOCUMENT...]

Each document is run from top to bottom in a fresh folder of its own, with the programs of $QUERN_BIN on the
PATH.  A fenced block is
  sh        commands, which must all succeed
  output    what the block before it printed: standard output, or both streams; a line "..." stands for any
            lines.  Numbers of time (documents.py says which) are not compared.
  console   commands behind "$ ", each with its output below
  python    a script for a python3 that has what it imports; skipped where there is none
  text      no commands: a drawing, a table, the layout of a file
and comments before a block, each alone on its lines, say what else there is to know:
  <!-- test: first: COMMANDS -->      run these before, out of the reader's sight
  <!-- test: instead: COMMANDS -->    run these for the block
  <!-- test: short: COMMANDS -->      without --full run these for the block (without any: itself), and do not compare
                                      what it prints
  <!-- test: needs: PROGRAM... -->    skip it where one is missing; or "python MODULE..." or "R PACKAGE"
  <!-- test: exit: N -->              the commands end with this exit code
  <!-- test: not run: REASON -->      neither run nor compared
  <!-- test: cells: COMMAND -->       run each `quern-...` of the next table's last column, and COMMAND with each
                                      `--option` there
A block that is none of these fails.  Links within the repository must lead to a file, and to a heading in it.

Pictures that a document shows from pictures/ and a block's commands write are compared, pixel by pixel.

Data: a document that names the folder mnist_sample gets the real one where $QUERN_MNIST_SAMPLE names it; with
--full mnist_png and cifar10_jpeg likewise ($QUERN_MNIST_PNG, $QUERN_CIFAR10).  Otherwise the folder is drawn, and
from where it is named on output is not compared.
--update writes what was printed into blocks of output that differ, and such pictures.
"""
import argparse
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import threading

import documents
from documents import DocumentError

ROOT = pathlib.Path(os.environ.get("QUERN_SOURCE", pathlib.Path(__file__).parents[2])).resolve()
# Of these only the links are checked: their commands build the project and run its tests.
LINKED = ["CONTRIBUTING.md", "CHANGELOG.md", "bench/README.md", "tests/README.md"]
DOCUMENTS = ["README.md", "docs/*.md", "formats/*.md", "examples/README.md", "examples/*/README.md"]

# Folder: the variable that names the real one, whether only --full takes it, and what draws another.
DATA = {
    "mnist_sample": ("QUERN_MNIST_SAMPLE", False,
                     "quern-draw mnist_sample --train 200 --valid 50\n"
                     "mv mnist_sample/train/3/000001.png mnist_sample/train/3/10000.png\n"
                     "mv mnist_sample/train/7/000001.png mnist_sample/train/7/1001.png"),
    "mnist_png": ("QUERN_MNIST_PNG", True,
                  "quern-draw mnist_png --classes 0,1,2,3,4,5,6,7,8,9 --train 60 --valid 20"),
    "cifar10_jpeg": ("QUERN_CIFAR10", True,
                     "quern-draw cifar10_jpeg --rgb --size 32x32 --classes 0,1,2,3,4,5,6,7,8,9 --train 30 --valid 10"),
}


def say(text):
    print(text, flush=True)


class Python:
    """Which python3 has these modules."""
    known = {}

    @staticmethod
    def modules_of(script):
        return {name.strip() for names in re.findall(r"^import (.+)|^from (\w+)", script, re.MULTILINE)
                for name in "".join(names).split(",")}

    @classmethod
    def find(cls, modules):
        key = ",".join(sorted(modules))
        if key not in cls.known:
            candidates = [os.environ.get("QUERN_EXAMPLES_PYTHON"), os.environ.get("QUERN_PYTHON"), "python3",
                          "/usr/bin/python3"]
            cls.known[key] = next((c for c in candidates if c and shutil.which(c) and subprocess.run(
                [c, "-c", f"import {key}"], capture_output=True, check=False).returncode == 0), None)
        return cls.known[key]


class Run:
    """One document, from top to bottom."""

    def __init__(self, path, folder, data, full, update):
        self.path, self.folder, self.data, self.full, self.update = path, folder, data, full, update
        self.real = True               # the output so far is that of the document's own data
        self.is_own = True             # and that of this block is of its own commands
        self.printed = None            # of the last block: standard output, standard error, both as they came
        self.failures, self.counts, self.edits = [], {"run": 0, "compared": 0, "skipped": 0, "not run": 0}, []

    def fail(self, line, text):
        self.failures.append(f"{self.path.relative_to(ROOT)}:{line}: {text}")

    def has_needs(self, block):
        """Whether what a block needs is there; puts its python3 first on the PATH."""
        words = block.markers.get("needs", "").split()
        modules = set(words[1:]) if words and words[0] == "python" else set()
        if block.kind == "python":
            modules |= Python.modules_of("\n".join(block.text))
        missing = []
        if words and words[0] == "R":
            if not shutil.which("Rscript") or subprocess.run(
                    ["Rscript", "-e", f"library({words[1]})"], capture_output=True, check=False).returncode:
                missing = [f"R with {words[1]}"]
        elif not modules:
            missing = [word for word in words if not shutil.which(word)]
        if modules:
            python = Python.find(modules)
            if python:
                shim = self.folder / ".python"
                shim.mkdir(exist_ok=True)
                (shim / "python3").unlink(missing_ok=True)
                (shim / "python3").write_text(f'#!/bin/sh\nexec {shutil.which(python)} "$@"\n')
                (shim / "python3").chmod(0o755)
            else:
                missing = ["python3 with " + ", ".join(sorted(modules))]
        if missing:
            say(f"{self.path.relative_to(ROOT)}:{block.line}: skipped: no {' '.join(missing)}")
        return not missing

    def execute(self, command, line, expected_exit=0, is_python=False):
        """Runs text by sh or python; True if it ended as expected."""
        for name in DATA:
            if re.search(rf"\b{name}\b(?!\.)", command) and not (self.folder / name).exists():
                if not self.data.provide(name, self.folder):
                    self.real = self.is_own = False
        argv = [self.folder / ".python/python3", "-"] if is_python else ["sh", "-eu"]
        environment = dict(self.data.environment, PATH=f"{self.folder / '.python'}:{self.data.environment['PATH']}")
        result = subprocess.Popen(argv, cwd=self.folder, env=environment, text=True, stdin=subprocess.PIPE,
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        lines = []                     # (stream, text), as they arrive
        readers = [threading.Thread(target=lambda stream=stream: lines.extend((stream, text) for text in stream))
                   for stream in (result.stdout, result.stderr)]
        for reader in readers:
            reader.start()
        result.stdin.write(command + "\n")
        result.stdin.close()
        for reader in readers:
            reader.join()
        result.wait()
        self.printed = tuple("".join(text for stream, text in lines if stream in streams) for streams in
                             ([result.stdout], [result.stderr], [result.stdout, result.stderr]))
        self.counts["run"] += 1
        if result.returncode != expected_exit:
            self.fail(line, f"ended with {result.returncode} instead of {expected_exit}:\n{command}\n"
                            f"{self.printed[2]}".rstrip())
            return False
        return True

    def run_commands(self, block):
        """A block of kind sh or python, or the commands that stand for it."""
        is_short = "short" in block.markers and not self.full
        command = block.markers.get("instead", "")
        if is_short:
            command = block.markers["short"] or command
        is_python = block.kind == "python" and not command
        if block.kind == "console":
            command = command or "\n".join(line for lines, _ in documents.split_console(block) for line in lines)
        command = command or "\n".join(block.text)
        if not self.execute(command, block.line, int(block.markers.get("exit", 0)), is_python) or is_short:
            self.printed = None

    def compare(self, line, shown, printed, replace=None):
        """Lines shown against a pair of texts printed; replace(lines) is how to update them."""
        if printed is None or not self.real:
            self.counts["skipped"] += 1
            return
        self.counts["compared"] += 1
        out, err = (documents.normalise(text) for text in printed[:2])
        if documents.is_shown(documents.normalise("\n".join(shown)), out, err):
            return
        found = [line for line in printed[2].rstrip("\n").split("\n") if not documents.is_progress(line)]
        if self.update and replace:
            replace(documents.update_shown(shown, [documents.DATE.sub("", text.rstrip()) for text in found]))
            return
        self.fail(line, "shows\n" + "\n".join(f"  - {text}" for text in shown) + "\nbut this is printed:\n" +
                  "\n".join(f"  + {text}" for text in found))

    def run_console(self, block):
        if "instead" in block.markers or ("short" in block.markers and not self.full):
            self.run_commands(block)
            return
        num_edits, written = len(self.edits), []
        for command, shown in documents.split_console(block):
            done = self.execute("\n".join(command), block.line, int(block.markers.get("exit", 0)))
            found = []
            if done and shown:
                self.compare(block.line, shown, self.printed, found.extend)
            written += ["$ " + command[0], *command[1:], *(found or shown)]
            if found and len(self.edits) == num_edits:
                self.edits.append((block.line, block.end, written))

    def run_block(self, block):
        if "first" in block.markers and not self.execute(block.markers["first"], block.line):
            return
        if "not run" in block.markers:
            self.counts["not run"] += 1
        elif not self.has_needs(block):
            self.counts["skipped"] += 1
            self.printed = None
        elif block.kind == "text":
            pass                       # check_accounted has seen that no command is in it
        elif block.kind == "output":
            self.compare(block.line, block.text, self.printed,
                         lambda lines: self.edits.append((block.line, block.end, lines)))
        elif block.kind == "console":
            self.run_console(block)
        elif block.kind == "cells":
            for command in block.text:
                self.execute(command, block.line)
        else:
            self.run_commands(block)

    def check_pictures(self, block):
        """Pictures that the commands of a block wrote, against those of the document, by their pixels."""
        for name in re.findall(r"([\w-]+\.png)\b", "\n".join(block.text)):
            shown, made = self.path.parent / "pictures" / name, self.folder / name
            if not self.is_own or not made.exists() or f"pictures/{name}" not in self.path.read_text():
                continue
            self.counts["compared"] += 1
            if shown.exists() and documents.png_pixels(shown) == documents.png_pixels(made):
                continue
            if self.update:
                shown.write_bytes(made.read_bytes())
                say(f"{shown.relative_to(ROOT)}: written")
            else:
                self.fail(block.line, f"the picture {name} is another than these commands make; "
                                      "docs/pictures/make.sh makes all anew")

    def run(self, blocks):
        for block in blocks:
            if self.failures:          # what follows builds on what failed
                break
            self.is_own = self.real and (self.full or "short" not in block.markers)
            self.run_block(block)
            self.check_pictures(block)
        if self.edits:
            lines = self.path.read_text().split("\n")
            for start, end, text in reversed(self.edits):
                lines[start:end - 1] = text
            self.path.write_text("\n".join(lines))
            say(f"{self.path.relative_to(ROOT)}: {len(self.edits)} blocks of output written")


class Data:
    """The folders of images that documents name, each unpacked or drawn once."""

    def __init__(self, scratch, full):
        self.scratch, self.full, self.provided = scratch, full, {}
        self.environment = {name: value for name, value in os.environ.items()
                            if name not in ("OMP_NUM_THREADS", "POSIXLY_CORRECT", "NO_COLOR")}
        self.environment.update(PATH=f"{os.environ['QUERN_BIN']}:{os.environ['PATH']}", LC_ALL="C.UTF-8",
                                COLUMNS="80", QUERN_SOURCE=str(ROOT))

    def provide(self, name, folder):
        """Puts the folder there; False if it was drawn."""
        if name not in self.provided:
            self.provided[name] = self.make(name)
        source, real = self.provided[name]
        (folder / name).symlink_to(source)
        return real

    def make(self, name):
        variable, only_full, draw = DATA[name]
        source = os.environ.get(variable)
        if source and (self.full or not only_full):
            source = pathlib.Path(source).resolve()
            if source.is_dir():
                return source, True
            subprocess.run(["tar", "-xf", source, "-C", self.scratch, "--no-same-owner"], check=True)
            return self.scratch / name, True
        subprocess.run(["sh", "-eu", "-c", draw], cwd=self.scratch, env=self.environment, check=True,
                       stdout=subprocess.DEVNULL)
        return self.scratch / name, False


# ---- links -----------------------------------------------------------------------------------------------

def anchors_of(text):
    """What GitHub makes of the headings: lower case, no punctuation, hyphens for blanks."""
    anchors, in_block = set(), False
    for line in text.split("\n"):
        in_block ^= line.startswith("```")
        if line.startswith("#") and not in_block:
            title = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", line.lstrip("#").strip())
            anchors.add(re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-"))
    return anchors


def check_links(path, text):
    """Failures: links within the repository, of documents and pictures, that lead nowhere."""
    failures = []
    prose = re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)
    targets = re.findall(r"\]\(([^)\s]+)\)", prose) + re.findall(r'(?:src|srcset|href)="([^"]+)"', prose)
    for target in targets:
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        file = (path.parent / name).resolve() if name else path
        if not file.exists():
            failures.append(f"{path.relative_to(ROOT)}: the link {target} leads to no file")
        elif anchor and anchor not in anchors_of(file.read_text()):
            failures.append(f"{path.relative_to(ROOT)}: the link {target} leads to no heading")
    return failures


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--update", action="store_true")
    parser.add_argument("--keep", type=pathlib.Path)
    parser.add_argument("documents", nargs="*")
    arguments = parser.parse_args()
    names = arguments.documents or DOCUMENTS
    paths = [path for name in names for path in sorted(ROOT.glob(name))]
    if not paths:
        sys.exit(f"run.py: no document is called {' or '.join(names)}")

    failures = [failure for name in LINKED for failure in check_links(ROOT / name, (ROOT / name).read_text())]
    with tempfile.TemporaryDirectory() as scratch:
        scratch = arguments.keep or pathlib.Path(scratch)
        data = Data(scratch, arguments.full)
        for path in paths:
            text = path.read_text()
            failures += check_links(path, text)
            folder = scratch / str(path.relative_to(ROOT)).replace("/", "_")
            folder.mkdir(parents=True)
            run = Run(path, folder, data, arguments.full, arguments.update)
            try:
                blocks = documents.read_blocks(text)
                documents.check_accounted(blocks)
                run.run(blocks)
            except DocumentError as error:
                run.failures.append(f"{path.relative_to(ROOT)}: {error}")
            failures += run.failures
            say(f"{path.relative_to(ROOT)}: " + ", ".join(f"{count} {what}" for what, count in run.counts.items()))
    for failure in failures:
        say(f"\n{failure}")
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
