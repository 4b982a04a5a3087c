#!/usr/bin/env python3
"""Shows that another build makes the same files, byte for byte.

OLD_BIN and NEW_BIN are folders of programs.  Both get the same drawn data and the same commands
(cases.py): OLD on one thread, NEW on 1, 2 and 3 threads, and what it trains also on 1, 2 and 3 ranks
where mpirun is found.  Stores, checkpoints, evaluations and drawn images are compared by SHA-256,
and what quern-evaluate --json prints; run logs, which have times, are not.  A case with an option or
a program that only one build has is skipped.  $QUERN_MNIST_SAMPLE names the archive
mnist_sample.tar.gz, for more cases.

With --fingerprints, NEW alone is held to the stored list fingerprints.txt: the fingerprints of its
stores and the checksums of its parameters.  Bytes of files are not in the list, since those of a store
depend on zlib too.  This needs h5py.

Exit status: 0 all equal, 1 something differs, 2 wrong arguments, 77 --fingerprints without h5py.
"""
import argparse
import hashlib
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

import cases

HERE = pathlib.Path(__file__).resolve().parent
LAUNCH = HERE.parent / "mpi" / "launch.sh"


class Build:
    """A folder of programs, and the options that each of them has."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder).resolve()
        self.known_options = {}

    def options(self, program):
        if program not in self.known_options:
            path = self.folder / program
            if not os.access(path, os.X_OK):
                self.known_options[program] = None
            else:
                text = subprocess.run([path, "--help"], check=True, stdout=subprocess.PIPE,
                                      text=True).stdout
                self.known_options[program] = set(re.findall(r"--[a-z-]+", text))
        return self.known_options[program]

    def lacks(self, case):
        """The first program or option of a case that this build does not have, or None."""
        for program, *arguments in case[1:]:
            if not program.startswith("quern-"):
                continue
            known = self.options(program)
            if known is None:
                return program
            for argument in arguments:
                if argument == cases.LESSON[0]:
                    continue
                if argument.startswith("--") and argument not in known:
                    return f"{program} {argument}"
        return None

    def run(self, command, folder, threads=1, ranks=None):
        """What a command prints; an error ends everything."""
        program, *arguments = command
        if not program.startswith("quern-"):
            subprocess.run([program, *arguments], cwd=folder, check=True)
            return ""
        if cases.LESSON[0] in arguments and cases.LESSON[0] not in self.options(program):
            at = arguments.index(cases.LESSON[0])
            del arguments[at:at + len(cases.LESSON)]
        launcher = [LAUNCH, str(ranks)] if ranks and program == "quern-train" else []
        result = subprocess.run(
            [*launcher, self.folder / program, "--threads", str(threads), *arguments], cwd=folder,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
        if result.returncode != 0:
            raise SystemExit(f"{self.folder / program} {' '.join(arguments)}: ended with "
                             f"{result.returncode}: {result.stderr}")
        return result.stdout


def sha256(content):
    return hashlib.sha256(content).hexdigest()


def checksums(folder):
    """SHA-256 by the names of the files below a folder."""
    return {str(path.relative_to(folder)): sha256(path.read_bytes())
            for path in cases.files_of(folder) if path.name != "log.jsonl"}


def run_case(build, case, work, **how):
    """Runs a case's commands and returns the checksums of what they made and printed."""
    folder = work / "case"
    folder.mkdir()
    printed = {}
    for number, command in enumerate(case[1:]):
        text = build.run(command, folder, **how)
        if "--json" in command:
            printed[f"what command {number + 1} printed"] = sha256(text.encode())
    found = checksums(folder)
    shutil.rmtree(folder)
    return found | printed


def prepare(build, work):
    data = work / "data"
    data.mkdir()
    for command in cases.PREPARED:
        build.run(command, data)
    before = os.getcwd()
    os.chdir(data)
    cases.prepare_archives()
    os.chdir(before)


def prepare_mnist(work):
    """True if there is MNIST_SAMPLE, which is then in the data."""
    archive = os.environ.get("QUERN_MNIST_SAMPLE", "")
    if not os.path.isfile(archive):
        return False
    subprocess.run(["tar", "-xf", archive, "-C", work / "data"], check=True)
    shutil.copy(archive, work / "data" / "mnist_sample.tar.gz")
    return True


def ways(case):
    """How the new build runs a case."""
    yield from ({"threads": threads} for threads in (1, 2, 3))
    if shutil.which("mpirun") and any(command[0] == "quern-train" for command in case[1:]):
        yield from ({"threads": 4 - ranks, "ranks": ranks} for ranks in (1, 2, 3))


def compare_case(old, new, case, work):
    """Prints a row; True if the builds agree or cannot be compared."""
    for build in (old, new):
        lacking = build.lacks(case)
        if lacking:
            print(f"{case[0]:28} skipped: {build.folder} has no {lacking}", flush=True)
            return True
    expected = run_case(old, case, work)
    differing = []
    num_runs = 0
    for how in ways(case):
        found = run_case(new, case, work, **how)
        num_runs += 1
        for name in sorted(expected.keys() | found.keys()):
            if name.endswith("/best.h5") and "--monitor" not in (old.options("quern-train") or ()):
                continue
            if expected.get(name) != found.get(name):
                state = "differs" if name in expected and name in found else (
                    "is missing" if name in expected else "is new")
                differing.append(f"    {name} {state} with {how}")
    verdict = f"{len(differing)} DIFFER" if differing else "equal"
    print(f"{case[0]:28} {len(expected):4} files {num_runs} runs  {verdict}", flush=True)
    print("".join(line + "\n" for line in differing[:8]), end="", flush=True)
    return not differing


def compare(old, new, work, only):
    prepare(old, work)
    all_cases = cases.STORES + cases.RUNS + (cases.MNIST if prepare_mnist(work) else ())
    chosen = [case for case in all_cases if only in case[0]]
    num_differing = sum(not compare_case(old, new, case, work) for case in chosen)
    print(f"{len(chosen)} cases, {num_differing} differ")
    return bool(chosen) and num_differing == 0


def fingerprints(build, work):
    """A line for each store and each run's last checkpoint: a checksum of what is in it."""
    import h5py  # Only here: the comparison does without.

    prepare(build, work)
    for case in cases.STORES + cases.RUNS:
        if case[0] == "draw":
            continue
        folder = work / "case"
        folder.mkdir()
        for command in case[1:]:
            build.run(command, folder)
        if (folder / "store.h5").exists():
            with h5py.File(folder / "store.h5") as store:
                yield f"{case[0]}: {store.attrs['fingerprint'].decode()}"
        else:
            last = max(folder.glob("run/epoch-*.h5"))
            digest = hashlib.sha256()
            with h5py.File(last) as checkpoint:
                checkpoint["parameters"].visititems(
                    lambda name, item: digest.update(name.encode() + item[()].tobytes())
                    if isinstance(item, h5py.Dataset) else None)
            yield f"{case[0]}: {last.name} {digest.hexdigest()}"
        shutil.rmtree(folder)


def check_fingerprints(build, work):
    expected = (HERE / "fingerprints.txt").read_text().splitlines()
    found = list(fingerprints(build, work))
    for line in found:
        print(line if line in expected else f"DIFFERS: {line}")
    return found == expected


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter,
                                     usage="%(prog)s [--only TEXT] OLD_BIN NEW_BIN | --fingerprints NEW_BIN",
                                     allow_abbrev=False)
    parser.add_argument("--fingerprints", action="store_true", help="see above")
    parser.add_argument("--only", default="", metavar="TEXT",
                        help="only the cases whose names hold this")
    parser.add_argument("folders", nargs="+", metavar="BIN", help="folders of programs")
    arguments = parser.parse_args()
    if len(arguments.folders) != (1 if arguments.fingerprints else 2):
        parser.error("one folder with --fingerprints, else two")
    builds = [Build(folder) for folder in arguments.folders]
    os.environ["OMP_WAIT_POLICY"] = "passive"
    with tempfile.TemporaryDirectory(prefix="quern-equal-") as name:
        if not arguments.fingerprints:
            return 0 if compare(*builds, pathlib.Path(name), arguments.only) else 1
        try:
            return 0 if check_fingerprints(*builds, pathlib.Path(name)) else 1
        except ModuleNotFoundError:
            print("skipped: no h5py")
            return 77


if __name__ == "__main__":
    sys.exit(main())
