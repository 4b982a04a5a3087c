# From a checkout:  spack repo add packaging/spack && spack install quern
from pathlib import Path

from spack.package import *

try:
    from spack_repo.builtin.build_systems.cmake import CMakePackage
except ImportError:
    pass  # before Spack 1.0 spack.package has it


class Quern(CMakePackage):
    """Folders of small labelled images to trained, evaluated classifiers, on CPUs, one batch
    stage at a time.  With a library by which C programs read the files (pkg-config quern-formats)."""

    # The checkout that this recipe is in.
    git = Path(__file__).resolve().parents[4].as_uri()

    license("Apache-2.0")

    version("main", branch="main")

    variant("mpi", default=True, description="Train one model on several nodes")

    depends_on("c", type="build")
    depends_on("cmake@3.18:", type="build")
    depends_on("pkgconfig", type="build")
    # Serial HDF5 will do: one process writes.
    depends_on("hdf5@1.10.5:")
    depends_on("libpng")
    depends_on("jpeg")
    depends_on("zlib-api")
    depends_on("libarchive")
    depends_on("libdeflate")
    depends_on("mpi", when="+mpi")

    def cmake_args(self):
        return [
            self.define_from_variant("QUERN_MPI", "mpi"),
            self.define("QUERN_TESTS", False),
        ]
