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
    objects=
    for name in conv gemm kernels maps optimizer tile; do
        # The flags are words to split.
        # shellcheck disable=SC2086
        "$compiler" "-$level" $flags -fno-trapping-math \
            -DKERNELS_TABLE=kernels_baseline '-DKERNELS_NAME="baseline"' \
            -DCONV_TABLE=conv_baseline -DGEMM_TABLE=gemm_baseline -DMAPS_TABLE=maps_baseline \
            -DOPTIMIZER_TABLE=optimizer_baseline -DTILE_TABLE=tiles_baseline \
            -c "model/kernels/${name}_vector.c" -o "$work/$name.o"
        objects="$objects $work/$name.o"
    done
    # shellcheck disable=SC2086
    "$compiler" "-$level" $flags -Wno-unknown-pragmas -static -o "$work/bits" \
        tests/bits/bits.c tests/bits/cases.c tests/bits/cases_networks.c \
        tests/bits/cases_training.c \
        common/error.c common/memory.c common/parse.c common/random.c common/text.c \
        common/text_list.c model/augment.c model/augment_apply.c model/init.c model/optimizer.c \
        model/schedule.c \
        model/class_means.c model/dense_layer.c model/loss.c model/mean_layer.c model/model.c \
        model/kernels/conv_pack.c model/kernels/conv_reference.c model/kernels/gemm_reference.c \
        model/kernels/kernels_choose.c model/kernels/kernels_reference.c model/kernels/maps.c \
        model/kernels/maps_reference.c model/kernels/math_functions.c \
        model/kernels/optimizer_reference.c \
        $objects -lm
    printf 'aarch64, -%s: ' "$level"
    "$emulator" "$work/bits" tests/bits/expected.txt
done
