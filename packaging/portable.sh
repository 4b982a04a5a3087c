#!/bin/sh
# Builds the portable archive: programs that need nothing of a Linux but a C library that is not
# older than 2.28 (Debian 10, Red Hat 8, Ubuntu 18.10), because all other libraries are linked in.
# Linked against an old C library they run with every newer one, so they are built in a root of
# Debian 11, which debootstrap makes.  (A wholly static program would need no C library, but iconv,
# which reads names of archives, loads its tables from the one that the system has.)
set -eu

program=portable.sh
source=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)

usage() {
    cat <<END
Usage: packaging/portable.sh [OPTION...] OUTPUT_DIR

Builds OUTPUT_DIR/quern-VERSION-Linux-MACHINE.tar.gz in a root of Debian 11.
Needs to be root, debootstrap, and a mirror of Debian.  MPI is off: a program that is linked with
one MPI does not start under another.

Options:
  --root DIR       keep the root there, and use it again (default: a new one, removed at the end)
  --mirror URL     of Debian (default: debootstrap's own)
  --help           print this help and exit

Exit status: 0 done, 1 the build failed, 2 wrong arguments, 69 something is missing.
END
}

say() {
    printf '%s: %s\n' "$program" "$*" >&2
}

refuse() {
    say "$2"
    exit "$1"
}

root='' mirror='' output=
while [ $# -gt 0 ]; do
    case $1 in
    --root | --mirror)
        [ -n "${2:-}" ] || refuse 2 "$1 needs a value"
        [ "$1" = --mirror ] && mirror=$2 || root=$2
        shift
        ;;
    --help)
        usage
        exit 0
        ;;
    -*) refuse 2 "unknown option $1 (--help lists them)" ;;
    *)
        [ -z "$output" ] || refuse 2 "one OUTPUT_DIR, not $output and $1"
        output=$1
        ;;
    esac
    shift
done
[ -n "$output" ] || refuse 2 "the folder for the archive is missing (--help)"
[ "$(id -u)" -eq 0 ] || refuse 69 "only root can work in a root of its own"
command -v debootstrap >/dev/null || refuse 69 "debootstrap is missing: apt-get install debootstrap"
mkdir -p -- "$output"
if [ -z "$root" ]; then
    root=$(mktemp -d)
    trap 'rm -rf -- "$root"' EXIT
    trap 'exit 143' HUP INT TERM
fi

# ---- The root ----------------------------------------------------------------------------------

# The libraries' static halves are in Debian's packages, all but a plain HDF5: Debian's wants
# libcurl and OpenSSL, to read from the cloud.  Its source is that of Debian 12.  Its configure asks for a
# preprocessor of C++ whatever it is to build.
make_root() {
    # debootstrap removes its folder when it is done.
    if [ ! -x "$root/usr/bin/apt-get" ] || [ -d "$root/debootstrap" ]; then
        debootstrap --variant=minbase bullseye "$root" ${mirror:+"$mirror"}
    fi
    sed -n 's/^deb \([^ ]*\) .*/deb-src \1 bookworm main/p' "$root/etc/apt/sources.list" \
        >"$root/etc/apt/sources.list.d/source.list"
    chroot "$root" /bin/sh -eu <<'END'
export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8
apt-get update -qq
apt-get install -y -qq --no-install-recommends gcc g++ libc6-dev cmake ninja-build make pkg-config \
    libpng-dev libjpeg62-turbo-dev zlib1g-dev libarchive-dev libdeflate-dev liblzma-dev libzstd-dev \
    libbz2-dev dpkg-dev xz-utils
# The C library is the one thing that is not linked in: without its static half CMake cannot find it.
rm -f /usr/lib/*-linux-gnu/libc.a /usr/lib/*-linux-gnu/libm*.a /usr/lib/*-linux-gnu/libdl.a \
    /usr/lib/*-linux-gnu/libpthread.a /usr/lib/*-linux-gnu/librt.a
mkdir -p /build/hdf5
cd /build/hdf5
apt-get source --download-only -qq hdf5/bookworm
tar -xf hdf5_*.orig.tar.* --strip-components=1
./configure --quiet --prefix=/opt/hdf5 --disable-shared --with-pic --disable-hl --disable-cxx \
    --disable-fortran --disable-tests --disable-tools --with-zlib
make -s -j "$(nproc)" -C src install
make -s -C bin install-exec
mkdir /build/licences
cp COPYING /build/licences/hdf5
for package in libpng-dev libjpeg62-turbo-dev zlib1g-dev libarchive-dev libdeflate-dev liblzma-dev \
    libzstd-dev libbz2-dev libgomp1 libc6; do
    cp "/usr/share/doc/$package/copyright" "/build/licences/$package"
done
touch /build/ready
END
}

if [ ! -f "$root/build/ready" ]; then
    say "making a root of Debian 11 with HDF5 (some minutes)"
    make_root >&2 || refuse 1 "the root cannot be made (its message is above)"
fi

# ---- The archive -------------------------------------------------------------------------------

rm -rf "$root/build/quern"
mkdir -p "$root/build/quern/source"
# What git knows, as it is now; of a source without git, all but builds.
if git -C "$source" rev-parse --git-dir >/dev/null 2>&1; then
    git -C "$source" ls-files -z --cached --others --exclude-standard |
        (cd "$source" && tar -cf - --null --files-from=- --ignore-failed-read)
else
    tar -cf - -C "$source" --exclude='./build*' .
fi | tar -xf - -C "$root/build/quern/source"

chroot "$root" /bin/sh -eu >&2 <<'END' || refuse 1 "the build failed (its message is above)"
export LC_ALL=C.UTF-8
cd /build/quern
cmake -S source -B build -G Ninja -DCMAKE_BUILD_TYPE=Release -DQUERN_PORTABLE=ON -DQUERN_MPI=OFF \
    -DQUERN_TESTS=OFF -DHDF5_ROOT=/opt/hdf5 -DQUERN_LICENCES=/build/licences
cmake --build build
cd build
cpack -G TGZ
END
for archive in "$root"/build/quern/build/quern-*.tar.gz; do
    cp -- "$archive" "$output/"
    say "$output/$(basename -- "$archive")"
done
