"""What the tests of ordinary use share: the programs, drawn trees, archives of them."""
import hashlib
import io
import os
import pathlib
import shutil
import subprocess
import tarfile
import tempfile
import unittest
import zipfile

BIN = pathlib.Path(os.environ["QUERN_BIN"])


class OrdinaryTest(unittest.TestCase):
    """Each test in a folder of its own, which is the current one."""

    def setUp(self):
        self.before = os.getcwd()
        self.folder = tempfile.mkdtemp(prefix="quern-ordinary-")
        os.chdir(self.folder)

    def tearDown(self):
        os.chdir(self.before)
        shutil.rmtree(self.folder)

    def run_program(self, program, *arguments, **environment):
        """A finished process."""
        return subprocess.run([BIN / program, *map(str, arguments)], check=False, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              env=os.environ | environment)

    def succeed(self, program, *arguments, **environment):
        """What the program prints; it must end with 0."""
        result = self.run_program(program, *arguments, **environment)
        self.assertEqual(result.returncode, 0, f"{result.args}: {result.stdout}")
        return result.stdout

    def refuse(self, program, *arguments):
        """The program must end with one of its exit codes for errors."""
        result = self.run_program(program, *arguments)
        self.assertIn(result.returncode, (2, 65, 74), f"{result.args}: {result.stdout}")

    def assert_equal_files(self, expected, found):
        self.assertEqual(sha256(expected), sha256(found), f"{found} is not {expected}")


def sha256(path):
    return hashlib.sha256(pathlib.Path(path).read_bytes()).hexdigest()


def has_option(program, option):
    text = subprocess.run([BIN / program, "--help"], check=True, text=True,
                          stdout=subprocess.PIPE).stdout
    return f"  {option} " in text


def files_of(tree):
    return sorted(path for path in pathlib.Path(tree).rglob("*") if path.is_file())


def pack(tree, archive):
    """Writes the files of a tree as the members of a .tar, .tar.gz or .zip."""
    members = [(str(path.relative_to(tree)), path.read_bytes()) for path in files_of(tree)]
    if archive.endswith(".zip"):
        with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as out:
            for name, content in members:
                out.writestr(name, content)
        return
    with tarfile.open(archive, "w:gz" if archive.endswith("gz") else "w") as out:
        for name, content in members:
            info = tarfile.TarInfo(name)
            info.size = len(content)
            out.addfile(info, io.BytesIO(content))
