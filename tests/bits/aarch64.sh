#!/bin/sh
# Builds common/, model/ and tests/bits for aarch64, where the kernels are written for NEON, runs
# that by an emulator, and holds it to the same bits.  Skipped (77) without the compiler or the
# emulator.
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
root=$(CDPATH='' cd -- "$here/../.." && pwd)
compiler=${QUERN_AARCH64_CC:-aarch64-linux-gnu-gcc}

emulator=
for candidate in qemu-aarch64 qemu-aarch64-static; do
    if command -v "$candidate" >/dev/null; then
        emulator=$candidate
        break
    fi
done
[ -n "$emulator" ] || { echo "skipped: no qemu-aarch64 (Debian: qemu-user)"; exit 77; }
if ! echo 'int main(void) { return 0; }' | "$compiler" -static -x c - -o /dev/null 2>/dev/null; then
    echo "skipped: no $compiler that links (Debian: gcc-aarch64-linux-gnu, libc6-dev-arm64-cross)"
    exit 77
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$root"
# As CMakeLists.txt and model/CMakeLists.txt have it, OpenMP's threads apart.
for level in O0 O3; do
    flags="-std=c11 -D_GNU_SOURCE -I. -Wall -Wextra -Werror -Wno-missing-field-initializers
        -ffp-contract=off -fno-math-errno -fopenmp-simd"
    tables=
    for name in KERNELS:kernels CONV:conv GEMM:gemm MAPS:maps NORM:norm OPTIMIZER:optimizer TILE:tiles; do
        tables="$tables -D${name%:*}_TABLE=${name#*:}_baseline"
    done
    objects=
    for file in model/kernels/*_vector.c; do
        object=$work/$(basename "$file" .c).o
        # The flags are words to split.
        # shellcheck disable=SC2086
        "$compiler" "-$level" $flags -fno-trapping-math $tables '-DKERNELS_NAME="baseline"' \
            -c "$file" -o "$object"
        objects="$objects $object"
    done
    # shellcheck disable=SC2046,SC2086
    "$compiler" "-$level" $flags -Wno-unknown-pragmas '-DQUERN_VERSION="0"' -static \
        -o "$work/bits" tests/bits/*.c \
        common/amount.c common/completion.c common/error.c common/memory.c common/options.c \
        common/options_help.c common/progress.c common/random.c common/suggestion.c common/text.c \
        common/text_list.c common/text_width.c common/wrap.c \
        $(find model -name '*.c' ! -name '*_vector.c') $objects -lm
    printf 'aarch64, -%s: ' "$level"
    "$emulator" "$work/bits" tests/bits/expected.txt
done
