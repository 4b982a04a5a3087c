# Sourced by the quickstart and by tests/run.sh: what a Debian or Ubuntu machine needs, and how to
# get it.  Needs `program` set, for messages.
# Set here and used there, or the other way round:
# shellcheck shell=sh disable=SC2034,SC2154

setup_build_packages='gcc libc6-dev cmake ninja-build make pkg-config
    libhdf5-dev libpng-dev libjpeg62-turbo-dev zlib1g-dev libarchive-dev libdeflate-dev'
setup_test_packages='clang g++ dpkg-dev libomp-dev libcmocka-dev hdf5-tools shellcheck man-db
    mandoc tmux zsh fish openmpi-bin libopenmpi-dev python3 python3-h5py python3-numpy'
setup_aarch64_packages='gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user'
setup_cluster_packages='slurmctld slurmd slurm-client munge openmpi-bin'

setup_say() {
    printf '%s: %s\n' "$program" "$*" >&2
}

setup_missing_packages() {
    for package in "$@"; do
        case $(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) in
        installed) ;;
        *) printf ' %s' "$package" ;;
        esac
    done
}

# setup_install PACKAGE...: installs those that are missing; where it cannot, prints their list to
# stdout and returns 1.
setup_install() {
    if ! command -v dpkg-query >/dev/null 2>&1 || ! command -v apt-get >/dev/null 2>&1; then
        setup_say "not a Debian or Ubuntu system; have these packages, or what is like them here:"
        printf '%s\n' "$*"
        return 1
    fi
    setup_missing=$(setup_missing_packages "$@")
    [ -n "$setup_missing" ] || return 0

    if [ "$(id -u)" -eq 0 ]; then
        setup_as_root=
    elif sudo -n true 2>/dev/null || { [ -t 0 ] && command -v sudo >/dev/null 2>&1; }; then
        setup_as_root=sudo
    else
        setup_say "cannot install packages without root or sudo; these are missing:"
        printf '%s\n' "${setup_missing# }"
        return 1
    fi
    setup_say "installing$setup_missing"
    # The lists are words to split.
    # shellcheck disable=SC2086
    if $setup_as_root apt-get update -qq >&2 &&
        $setup_as_root env DEBIAN_FRONTEND=noninteractive \
            apt-get install -y -qq --no-install-recommends $setup_missing >&2; then
        return 0
    fi
    setup_say "apt-get failed (its message is above); these are missing:"
    printf '%s\n' "${setup_missing# }"
    return 1
}

setup_num_processors() {
    getconf _NPROCESSORS_ONLN 2>/dev/null || echo 1
}

# setup_build SOURCE_FOLDER PRESET [CMAKE_OPTION...]: configures and builds in build/PRESET.
setup_build() {
    setup_source=$1
    setup_preset=$2
    shift 2
    # An existing build folder keeps its generator: CMake refuses another one.
    if [ ! -f "$setup_source/build/$setup_preset/CMakeCache.txt" ] &&
        command -v ninja >/dev/null 2>&1; then
        set -- -G Ninja "$@"
    fi
    (cd "$setup_source" && cmake --preset "$setup_preset" "$@") &&
        cmake --build "$setup_source/build/$setup_preset" --parallel "$(setup_num_processors)"
}
