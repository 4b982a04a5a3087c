#!/bin/sh
# What `cmake --install`, the target uninstall and cpack make of a build: whole, working where it is
# put, and gone again.
# Lists of words are to be split, and cases are called by name.
# shellcheck disable=SC2016,SC2086,SC2116,SC2317,SC2329
set -u

program=run.sh
root=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd) || exit 74
# shellcheck source=tests/cases.sh
. "$root/tests/cases.sh"
build=${QUERN_BUILD:-$root/build/release}
cmake=${QUERN_CMAKE:-cmake}
cpack=${cmake%cmake}cpack
cc=${CC:-cc}
python=${QUERN_PYTHON:-python3}
all_cases='whole documents chain scripts modules pkg_config makefile cmake_package cxx ten_lines
    errors symbols moved destdir uninstall uninstall_refuses archive debian_package portable_arguments'

usage() {
    cat <<END
Usage: tests/install/run.sh [CASE...]

Cases: $(echo $all_cases | fold -s -w 70 | sed '2,$s/^/       /')

Environment:
  QUERN_BUILD      the build to install (default: build/release)

Exit status: 0 all passed, 1 one failed, 2 wrong arguments, 69 a program is missing.
END
}

take_cases "$@"
need "$build/bin/quern-train"
enter_work install

# The list of a user's own installation from this build stays as it is.
list=$build/installed.txt
[ ! -f "$list" ] || cp -p "$list" own_list
put_back() {
    rm -f "$list"
    [ ! -f "$work/own_list" ] || cp -p "$work/own_list" "$list"
}
trap 'put_back; cd / && rm -rf "$work"' EXIT

# Nothing of the checkout is to be found by accident.
unset QUERN_JOBS PKG_CONFIG_PATH LD_LIBRARY_PATH
prefix="$work/a prefix"
version=$(sed -n 's/^project(quern VERSION \([0-9.]*\).*/\1/p' "$root/CMakeLists.txt")

or_exit "$cmake" --install "$build" --prefix "$prefix"
or_exit "$prefix/bin/quern-draw" digits --classes 3,7 --train 60 --valid 20 --size 12x12
or_exit "$prefix/bin/quern-ingest" digits store.h5
or_exit "$prefix/bin/quern-train" store.h5 --recipe lesson --epochs 2 --output run

# expect_files FILE...
expect_files() {
    for file in "$@"; do
        num_checks=$((num_checks + 1))
        [ -s "$file" ] || fail "$file is not there"
    done
}

expect_same() {
    num_checks=$((num_checks + 1))
    cmp -s "$1" "$2" || fail "$1 and $2 differ"
}

# ---- What is there -----------------------------------------------------------------------------

whole() {
    for name in "$build"/bin/quern*; do
        name=$(basename "$name")
        expect_files "$prefix/bin/$name" "$prefix/share/man/man1/$name.1"
        expect 0 "$prefix/bin/$name" --version
        expect_text "$version"
    done
    for name in quern-pipeline quern-slurm-submit; do
        expect_files "$prefix/bin/$name" "$prefix/share/man/man1/$name.1"
    done
    for page in "$prefix"/share/man/man1/*.1; do
        expect 0 grep "^\\.TH.*\"quern $version\"" "$page"
    done
    expect_files "$prefix/share/doc/quern/LICENSE" "$prefix/share/doc/quern/README.md" \
        "$prefix/include/quern/store.h" "$prefix/share/doc/quern/examples/c/read_store.c"
    # Every document of the sources.
    for file in "$root"/docs/*.md; do
        expect_same "$file" "$prefix/share/doc/quern/docs/$(basename "$file")"
    done
}

documents() {
    expect 0 "$python" "$root/tests/install/links.py" "$prefix"
}

# ---- The programs and scripts ------------------------------------------------------------------

# run_chain BIN WORK: every program, found by its path alone, gives what the build's own gives.
run_chain() {
    rm -rf "$2"
    mkdir "$2"
    expect 0 "$1/quern-draw" "$2/digits" --classes 3,7 --train 60 --valid 20 --size 12x12
    expect 0 "$1/quern-ingest" "$2/digits" "$2/store.h5"
    expect 0 "$1/quern-train" "$2/store.h5" --recipe lesson --epochs 2 --output "$2/run"
    expect 0 "$1/quern-evaluate" "$2/run" "$2/store.h5" --output "$2/evaluation.h5"
    expect 0 "$1/quern-predict" "$2/run" "$2/digits/valid" --csv "$2/predictions.csv"
    expect 0 "$1/quern-evaluate" "$2/run" "$2/store.h5" --report "$2/report.html"
    expect 0 "$1/quern-show" "$2/store.h5" --grid 4x4 --png "$2/grid.png"
    expect 0 "$1/quern" show "$2/run"
    expect_files "$2/evaluation.h5" "$2/predictions.csv" "$2/report.html" "$2/grid.png"
}

chain() {
    run_chain "$prefix/bin" installed
    expect 0 "$build/bin/quern-train" store.h5 --recipe lesson --epochs 2 --output built
    expect_same installed/run/epoch-0002.h5 built/epoch-0002.h5
}

scripts() {
    # By a link from elsewhere too, with nothing of ours in PATH.
    ln -sf "$prefix/bin/quern-pipeline" pipeline
    expect 0 env PATH=/usr/bin:/bin ./pipeline --source digits --work-dir chained \
        --train-options '--recipe lesson --epochs 2'
    expect_same chained/run/epoch-0002.h5 run/epoch-0002.h5
    printf 'SOURCE=digits\nWORK_DIR=queued\n' >digits.settings
    expect 0 env PATH=/usr/bin:/bin "$prefix/bin/quern-slurm-submit" --settings digits.settings \
        --dry-run
    expect_text "$prefix/share/quern/jobs/slurm/train.sbatch"
    expect 0 env PATH=/usr/bin:/bin "$prefix/share/quern/jobs/quickstart.sh" --help
}

modules() {
    module=$prefix/share/quern/modulefiles/quern/$version
    expect 0 grep -F "set prefix \"$prefix\"" "$module"
    expect 0 grep -F "local prefix = \"$prefix\"" "$module.lua"
    num_checks=$((num_checks + 1))
    ! grep -n '@[a-z_]*@' "$module" "$module.lua" >log || fail "a module file has holes"
}

# ---- The library -------------------------------------------------------------------------------

example=$prefix/share/doc/quern/examples/c

# expect_reads PROGRAM...: it runs and tells of the store.
expect_reads() {
    expect 0 "$@" store.h5
    expect_text '2 classes, 12 x 12 x 1'
    expect_text '60 images, mean'
}

# pkg-config separates its words by blanks, so this one has none.
plain=$work/plain

# compile COMPILER_AND_FLAGS OUTPUT SOURCE: as a user of pkg-config does.
compile() {
    [ -d "$plain" ] || cp -a "$prefix" "$plain"
    expect 0 env PKG_CONFIG_PATH="$plain/lib/pkgconfig" sh -c \
        "$1 -Wall -Wextra -Werror -pedantic -o $2 $3 \$(pkg-config --cflags --libs quern-formats)"
}

pkg_config() {
    compile "$cc -std=c11" by_pkg_config "$root/examples/c/read_store.c"
    expect_reads env LD_LIBRARY_PATH="$plain/lib" ./by_pkg_config
    expect 0 env PKG_CONFIG_PATH="$plain/lib/pkgconfig" pkg-config --modversion quern-formats
    expect_text "$version"
}

makefile() {
    [ -d "$plain" ] || cp -a "$prefix" "$plain"
    cp -a "$example" made
    expect 0 env PKG_CONFIG_PATH="$plain/lib/pkgconfig" CC="$cc" make -C made
    expect_reads made/read_store
}

cmake_package() {
    # As a user's, with the compiler's own flags alone.
    expect 0 "$cmake" -S "$example" -B by_cmake -DCMAKE_C_COMPILER="$cc" -DCMAKE_PREFIX_PATH="$prefix"
    expect 0 "$cmake" --build by_cmake
    expect_reads by_cmake/read_store
    printf 'cmake_minimum_required(VERSION 3.18)\nproject(x LANGUAGES NONE)\nfind_package(quern %s CONFIG)\n%s\n' \
        99 'message(STATUS "found: ${quern_FOUND}")' >CMakeLists.txt
    expect 0 "$cmake" -S . -B too_new -DCMAKE_PREFIX_PATH="$prefix"
    expect_text 'found: 0'
}

cxx() {
    if ! command -v c++ >/dev/null; then
        say "cxx: not run: there is no c++"
        return
    fi
    cat >reads.cc <<'END'
#include <quern/checkpoint.h>
#include <quern/store.h>

#include <cstdio>
#include <vector>

int main(int, char **arguments)
{
    quern_error error = {};
    quern_store *store;
    if (!quern_store_open(arguments[1], &store, &error))
        return std::fprintf(stderr, "%s\n", error.message), error.status;
    std::vector<uint8_t> pixels(quern_store_image_nbytes(store));
    if (!quern_store_read_images(store, QUERN_VALID, 0, 1, 1, pixels.data(), &error))
        return error.status;
    std::printf("%zu bytes\n", pixels.size());
    quern_store_close(store);
    quern_checkpoint *checkpoint;
    if (!quern_checkpoint_open(arguments[2], &checkpoint, &error))
        return std::fprintf(stderr, "%s\n", error.message), error.status;
    std::printf("epoch %d\n", int(quern_checkpoint_epoch(checkpoint)));
    quern_checkpoint_close(checkpoint);
}
END
    compile "c++ -std=c++11 -Wno-missing-field-initializers" by_cxx reads.cc
    expect 0 env LD_LIBRARY_PATH="$plain/lib" ./by_cxx store.h5 run/epoch-0002.h5
    expect_text '144 bytes'
    expect_text 'epoch 2'
}

# The program in docs/install.md, as it stands there.
ten_lines() {
    sed -n '/^```c$/,/^```$/p' "$root/docs/install.md" | grep -v '^```' >ten_lines.c
    expect 0 test "$(grep -c . ten_lines.c)" -le 20
    compile "$cc -std=c11" ten_lines ten_lines.c
    expect 0 env LD_LIBRARY_PATH="$plain/lib" ./ten_lines store.h5
    expect_text '120 images of 12 x 12'
}

errors() {
    reader=by_cmake/read_store
    [ -x "$reader" ] || cmake_package
    expect 74 "$reader" missing.h5
    expect_text 'missing.h5: '
    expect 65 "$reader" run/epoch-0002.h5
    expect_text 'quern store'
    head -c 3000 store.h5 >cut.h5
    expect 65 "$reader" cut.h5
}

# What the library shows to a program that links with it: nothing but its own names.
symbols() {
    for library in "$prefix"/lib/libquern-formats.so.*.*; do
        objdump -T "$library" | awk '$0 !~ /UND/ && NF >= 6 { print $NF }' | sort >shown
        sed -n 's/^[a-z].*[ *]\(quern_[a-z_0-9]*\)(.*/\1/p' "$prefix"/include/quern/*.h | sort >promised
        expect_files promised
        num_checks=$((num_checks + 1))
        diff promised shown >log || fail "functions of the headers (<) and of the library (>) differ"
    done
}

# ---- Where it is put ---------------------------------------------------------------------------

moved() {
    cp -a "$prefix" 'moved away'
    mv "$prefix" "$prefix.gone"
    expect 0 'moved away/bin/quern-train' store.h5 --recipe lesson --epochs 2 --output moved
    expect_same moved/epoch-0002.h5 run/epoch-0002.h5
    expect 0 env PATH=/usr/bin:/bin 'moved away/bin/quern-pipeline' --source digits --dry-run \
        --work-dir chained
    expect 0 "$cmake" -S 'moved away/share/doc/quern/examples/c' -B by_moved -DCMAKE_C_COMPILER="$cc" \
        -DCMAKE_PREFIX_PATH="$work/moved away"
    expect 0 "$cmake" --build by_moved
    expect_reads by_moved/read_store
    mv "$prefix.gone" "$prefix"
}

destdir() {
    expect 0 env DESTDIR="$work/staged" "$cmake" --install "$build" --prefix /opt/quern
    expect_files staged/opt/quern/bin/quern-train
    expect 0 grep -F '"/opt/quern"' "staged/opt/quern/share/quern/modulefiles/quern/$version"
    expect_none staged/opt/quern/bin/../../../tmp
    expect 0 env DESTDIR="$work/staged" "$cmake" --build "$build" --target uninstall
    num_checks=$((num_checks + 1))
    find staged -type f -o -type l >log
    [ ! -s log ] || fail "uninstall left files in DESTDIR"
}

uninstall() {
    expect 0 "$cmake" --install "$build" --prefix "$work/short [lived]"
    echo mine >'short [lived]/bin/mine'
    rm 'short [lived]/bin/quern-draw'
    expect 0 "$cmake" --build "$build" --target uninstall
    expect_text 'Removed '
    num_checks=$((num_checks + 1))
    find 'short [lived]' -mindepth 1 >log
    [ "$(cat log)" = "$(printf 'short [lived]/bin\nshort [lived]/bin/mine')" ] ||
        fail "uninstall left more than what it had not installed, or less"
    rm -r 'short [lived]/bin'
    expect 0 "$cmake" --install "$build" --prefix "$work/short [lived]"
    expect 0 "$cmake" --build "$build" --target uninstall
    # It was there before.
    expect 0 test -d 'short [lived]'
    rmdir 'short [lived]'
    expect 1 "$cmake" --build "$build" --target uninstall
    expect_text 'apt-get purge quern'
}

uninstall_refuses() {
    expect 0 "$cmake" --install "$build" --prefix "./short [lived]"
    echo mine >outside
    cp "$list" whole_list
    for path in "$work/outside" "$work/short [lived]/../outside" relative; do
        echo "$path" >>"$list"
        expect 1 "$cmake" --build "$build" --target uninstall
        expect_text 'Nothing was removed'
        expect_files outside 'short [lived]/bin/quern-train'
        cp whole_list "$list"
    done
    expect 0 "$cmake" --build "$build" --target uninstall
    expect_none 'short [lived]'
}

# ---- Packages ----------------------------------------------------------------------------------

archive() {
    expect 0 "$cpack" -G TGZ --config "$build/CPackConfig.cmake" -B "$work/packages"
    mkdir -p 'un packed'
    expect 0 tar -xf packages/quern-*.tar.gz -C 'un packed' --strip-components=1
    run_chain 'un packed/bin' unpacked
    expect_same unpacked/run/epoch-0002.h5 run/epoch-0002.h5
}

debian_package() {
    if ! command -v dpkg-shlibdeps >/dev/null; then
        say "debian_package: not run: there is no dpkg-shlibdeps"
        return
    fi
    rm -f "$list"
    expect 0 "$cpack" -G DEB --config "$build/CPackConfig.cmake" -B "$work/packages"
    expect 0 dpkg-deb -I packages/quern_*.deb
    expect_text 'Section: science'
    expect_text 'libhdf5'
    expect_text 'libc6 (>='
    expect 0 dpkg-deb -x packages/quern_*.deb debian
    expect_files debian/usr/bin/quern-train debian/usr/share/man/man1/quern-train.1.gz \
        debian/usr/share/doc/quern/copyright debian/usr/share/doc/quern/README.md
    expect 0 grep -F 'prefix "/usr"' "debian/usr/share/quern/modulefiles/quern/$version"
    # Making a package is no installation.
    expect_none "$list"
    if ! command -v lintian >/dev/null; then
        say "debian_package: not looked at by lintian, which is not installed"
        return
    fi
    expect 0 lintian --allow-root --fail-on error,warning packages/quern_*.deb
}

# What portable.sh makes is tested by clean_root.sh.
portable_arguments() {
    expect 0 "$root/packaging/portable.sh" --help
    expect_text 'Usage: packaging/portable.sh'
    expect 2 "$root/packaging/portable.sh"
    expect 2 "$root/packaging/portable.sh" --roots here there
    expect_text 'unknown option --roots'
    expect 2 "$root/packaging/portable.sh" here --root
    expect 2 "$root/packaging/portable.sh" here there
    expect_none here there
}

run_cases
