# cpack -G DEB and cpack -G TGZ, in the build directory.
set(QUERN_MAINTAINER "The quern developers <quern@packages.invalid>" CACHE STRING
    "Maintainer of the package: NAME <ADDRESS> of whoever gives it to others")
set(CPACK_PACKAGE_NAME quern)
set(CPACK_PACKAGE_VENDOR quern)
set(CPACK_PACKAGE_CONTACT "${QUERN_MAINTAINER}")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "train image classifiers on CPUs, reproducibly, in batch stages")
set(CPACK_PACKAGE_DESCRIPTION "quern turns folders, archives and tables of small labelled images into
trained and evaluated classifiers, on CPUs, one batch stage at a time: the
same bits for any number of threads, nothing lost when a stage is killed,
nothing skipped in silence, and self-describing HDF5 files.
.
The programs, scripts for job schedulers, and the library with which other
programs read the files.")
set(CPACK_RESOURCE_FILE_LICENSE ${PROJECT_SOURCE_DIR}/LICENSE)
set(CPACK_STRIP_FILES ON)
set(CPACK_GENERATOR "TGZ")

string(TOLOWER "${CMAKE_SYSTEM_NAME}-${CMAKE_SYSTEM_PROCESSOR}" system)
set(CPACK_PACKAGE_FILE_NAME quern-${PROJECT_VERSION}-${system})

set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION science)
set(CPACK_DEBIAN_PACKAGE_MAINTAINER "${QUERN_MAINTAINER}")
# What the programs are linked with; the job scripts need no more than a shell.
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_SUGGESTS "hdf5-tools, python3-h5py, slurm-client")
# The shared library: the linker's cache is made anew, and packages of programs that use it depend on
# this one.
file(WRITE ${CMAKE_CURRENT_BINARY_DIR}/triggers "activate-noawait ldconfig\n")
file(WRITE ${CMAKE_CURRENT_BINARY_DIR}/shlibs
     "libquern-formats ${PROJECT_VERSION_MAJOR} quern (>= ${PROJECT_VERSION})\n")
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA
    ${CMAKE_CURRENT_BINARY_DIR}/triggers ${CMAKE_CURRENT_BINARY_DIR}/shlibs)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
# Packages of a distribution are installed in /usr.
set(CPACK_PROJECT_CONFIG_FILE ${CMAKE_CURRENT_SOURCE_DIR}/generator.cmake)
set(CPACK_PRE_BUILD_SCRIPTS ${CMAKE_CURRENT_SOURCE_DIR}/staged.cmake)
include(CPack)
