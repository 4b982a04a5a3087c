#!/bin/sh
# The packages in roots of Debian that hold no compiler and none of our libraries: they install, run
# the whole chain to the bytes of this build, and are gone when they are removed.
# Cases are called by name.
# shellcheck disable=SC2086,SC2116,SC2317,SC2329
set -u

program=clean_root.sh
root=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd) || exit 74
# shellcheck source=tests/cases.sh
. "$root/tests/cases.sh"
build=${QUERN_BUILD:-$root/build/release}
all_cases='portable_needs portable_runs portable_names portable_moved debian_package'

usage() {
    cat <<END
Usage: tests/install/clean_root.sh [CASE...]

Cases: $(echo $all_cases | fold -s -w 70 | sed '2,$s/^/       /')
Needs to be root, debootstrap, and a mirror of Debian.

Environment:
  QUERN_BUILD      the build, with cpack's configuration, that is packed (default: build/release)
  QUERN_ROOTS      keep the roots in this directory, and take those that are there

Exit status: 0 all passed, 1 one failed, 2 wrong arguments, 69 a program is missing, 77 not root.
END
}

take_cases "$@"
if [ "$(id -u)" -ne 0 ]; then
    say "skipped: only root can make a root"
    exit 77
fi
need "$build/bin/quern-train" debootstrap objdump
enter_work clean
roots=${QUERN_ROOTS:-$work/roots}
mkdir -p "$roots"

# make_root RELEASE: leaves in clean a root of it with nothing but its base.
make_root() {
    clean=$work/$1
    [ ! -d "$clean" ] || return 0
    [ -d "$roots/$1" ] || or_exit debootstrap --variant=minbase "$1" "$roots/$1"
    cp -a "$roots/$1" "$clean"
    for tool in gcc cc make cmake ld; do
        expect_none "$clean/usr/bin/$tool"
    done
    num_checks=$((num_checks + 1))
    find "$clean" -name 'libhdf5*' -o -name 'libgomp*' -o -name 'libjpeg*' -o -name 'libpng*' >log
    [ ! -s log ] || fail "the root of $1 is not clean"
}

# run_chain CLEAN BIN: in the root CLEAN the programs in BIN give what those of this build give.
run_chain() {
    cat >"$1/chain.sh" <<'END'
set -eu
bin=$1
PATH=/usr/bin:/bin
rm -rf /tmp/chain
mkdir /tmp/chain
cd /tmp/chain
"$bin/quern-draw" digits --classes 3,7 --train 60 --valid 20 --size 12x12
"$bin/quern-ingest" digits store.h5
"$bin/quern-train" store.h5 --layers "conv:4 relu pool dense:8 relu" --epochs 2 --output run
"$bin/quern-evaluate" run store.h5 --output evaluation.h5 --json >evaluation.json
"$bin/quern-evaluate" run store.h5 --report report.html >/dev/null
grep -q '</html>' report.html
"$bin/quern-predict" run digits/valid --csv predictions.csv
"$bin/quern-pipeline" --source digits --work-dir work --train-options '--recipe lesson --epochs 2'
"$bin/quern-show" store.h5
"$bin/quern-show" store.h5 --grid 4x4 --png grid.png
"$bin/quern-show" run
"$bin/quern" train --version
"$bin/quern" pipeline --help
"$bin/quern" help ingest
for program in "$bin"/quern-*; do
    "$program" --help >/dev/null
done
END
    expect 0 chroot "$1" /bin/sh /chain.sh "$2"
    if [ ! -d built ]; then
        mkdir built
        or_exit "$build/bin/quern-draw" built/digits --classes 3,7 --train 60 --valid 20 --size 12x12
        or_exit "$build/bin/quern-ingest" built/digits built/store.h5
        or_exit "$build/bin/quern-train" built/store.h5 --layers "conv:4 relu pool dense:8 relu" \
            --epochs 2 --output built/run
    fi
    num_checks=$((num_checks + 1))
    cmp "$1/tmp/chain/run/epoch-0002.h5" built/run/epoch-0002.h5 >log 2>&1 ||
        fail "a checkpoint differs from that of this build"
}

# ---- The portable archive ----------------------------------------------------------------------

unpack_portable() {
    [ ! -d portable ] || return 0
    mkdir portable packages
    or_exit "$root/packaging/portable.sh" ${QUERN_ROOTS:+--root "$QUERN_ROOTS/portable"} packages
    or_exit tar -xf packages/quern-*.tar.gz -C portable --strip-components=1
}

# Nothing but the C library, and of it nothing newer than 2.28.
portable_needs() {
    unpack_portable
    for file in portable/bin/quern*; do
        head -c 4 "$file" | grep -q ELF || continue
        expect 0 objdump -p "$file"
        num_checks=$((num_checks + 2))
        sed -n 's/^ *NEEDED *//p' log |
            grep -vxE 'lib(c|m|dl|pthread|rt)\.so\.[0-9]+|ld-linux.*' >needed && mv needed log &&
            fail "$file needs a library"
        objdump -T "$file" | sed -n 's/.*(\{0,1\}GLIBC_\([0-9.]*\).*/\1/p' >versions
        newest=$({
            echo 2.28
            cat versions
        } | sort -V | tail -n 1)
        [ "$newest" = 2.28 ] || fail "$file needs glibc $newest"
    done
    expect 0 test "$(find portable/share/doc/quern/licences -type f | wc -l)" -ge 10
}

portable_runs() {
    unpack_portable
    make_root bullseye
    cp -a portable "$clean/opt/quern"
    run_chain "$clean" /opt/quern/bin
}

# Names of archives are converted by the tables of the system's C library.
portable_names() {
    unpack_portable
    make_root bullseye
    rm -rf "$clean/tmp/names"
    mkdir -p "$clean/tmp/names"
    or_exit "$build/bin/quern-draw" drawn --classes 3,7 --train 4 --valid 2 --size 8x8
    # The byte of an a with dots in code page 437.
    python3 - drawn "$clean/tmp/names/names.tar" <<'END'
import pathlib
import sys
import tarfile

with tarfile.open(sys.argv[2], "w", format=tarfile.GNU_FORMAT, encoding="cp437") as tar:
    for path in sorted(pathlib.Path(sys.argv[1]).rglob("*.png")):
        tar.add(path, arcname=str(path.relative_to(sys.argv[1])).replace("3/", "\u00e4/"))
END
    rm -rf "$clean/opt/quern"
    cp -a portable "$clean/opt/quern"
    expect 0 chroot "$clean" /opt/quern/bin/quern-ingest /tmp/names/names.tar /tmp/names/store.h5 \
        --names-charset CP437
    expect_text 'ä'
}

portable_moved() {
    unpack_portable
    expect 0 grep -F 'ModulesCurrentModulefile' portable/share/quern/modulefiles/quern/[0-9.]*[0-9]
    expect 0 grep -F 'myFileName()' portable/share/quern/modulefiles/quern/[0-9.]*.lua
    make_root bullseye
    rm -rf "$clean/opt/quern" "$clean/opt/another place"
    cp -a portable "$clean/opt/another place"
    run_chain "$clean" '/opt/another place/bin'
}

# ---- The Debian package ------------------------------------------------------------------------

debian_package() {
    . /etc/os-release
    make_root "$VERSION_CODENAME"
    expect 0 cpack -G DEB --config "$build/CPackConfig.cmake" -B "$work/deb"
    find "$clean" -xdev -name '*quern*' >before
    cp deb/quern_*.deb "$clean/tmp/"
    expect 0 chroot "$clean" /bin/sh -c \
        'apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq /tmp/quern_*.deb'
    run_chain "$clean" /usr/bin
    expect 0 chroot "$clean" dpkg --verify quern
    expect 0 chroot "$clean" ldconfig -p
    expect_text libquern-formats.so.1
    expect 0 chroot "$clean" /bin/sh -c 'DEBIAN_FRONTEND=noninteractive apt-get purge -y -qq quern'
    rm -rf "$clean"/tmp/* "$clean/chain.sh" "$clean"/var/lib/apt/lists/*
    num_checks=$((num_checks + 1))
    find "$clean" -xdev -name '*quern*' | diff before - >log || fail "removing left files"
}

run_cases
