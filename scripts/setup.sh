#!/usr/bin/env bash
# Makes this machine able to build matsieve: a C compiler and the HDF5 library.
# Sourced by the other scripts; sets MATSIEVE_FEATURES (cargo arguments). Installs only what is missing.
#
# With root (or sudo without password) on Debian or Ubuntu, HDF5 comes from the distribution.
# Without, HDF5 is built into the program from the sources in its crate; that needs a recent CMake, which is
# taken from PyPI into target/cmake.

MATSIEVE_FEATURES=()

have_hdf5() {
    command -v pkg-config >/dev/null 2>&1 && { pkg-config --exists hdf5 || pkg-config --exists hdf5-serial; } 2>/dev/null
}

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi
}

install_packages() {
    command -v apt-get >/dev/null 2>&1 || return 1
    [ "$(id -u)" = 0 ] || sudo -n true 2>/dev/null || return 1
    echo "setup: installing $*" >&2
    as_root env DEBIAN_FRONTEND=noninteractive apt-get update -qq >&2 &&
        as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >&2
}

# CMake that HDF5's own build asks for (3.26 or later), from PyPI into target/cmake; sets CMAKE.
need_cmake() {
    if [ ! -x target/cmake/bin/cmake ]; then
        python3 -m venv target/cmake && target/cmake/bin/pip install -q 'cmake==4.4.*' || {
            echo "setup: CMake 3.26 or later is needed to build HDF5, and PyPI's could not be installed" >&2
            return 1
        }
    fi
    export CMAKE="$PWD/target/cmake/bin/cmake"
}

# ONNX Runtime from PyPI into target/onnxruntime; sets ORT_DYLIB_PATH unless it is set.
need_onnxruntime() {
    if [ -z "${ORT_DYLIB_PATH:-}" ]; then
        if [ ! -x target/onnxruntime/bin/python ] || ! ls target/onnxruntime/lib/python*/site-packages/onnxruntime >/dev/null 2>&1; then
            python3 -m venv target/onnxruntime && target/onnxruntime/bin/pip install -q 'onnxruntime==1.*' || {
                echo "setup: ONNX Runtime could not be installed from PyPI" >&2
                return 1
            }
        fi
        ORT_DYLIB_PATH=$(find "$PWD/target/onnxruntime" -name 'libonnxruntime.so*' | sort | head -1)
        export ORT_DYLIB_PATH
    fi
}

command -v cargo >/dev/null 2>&1 || {
    echo "setup: no Rust toolchain found; install Rust 1.95 or later (https://rustup.rs)" >&2
    exit 1
}
if ! command -v cc >/dev/null 2>&1; then
    install_packages gcc libc6-dev || {
        echo "setup: no C compiler found and none could be installed; install gcc" >&2
        exit 1
    }
fi
if ! have_hdf5; then
    if ! { install_packages libhdf5-dev pkg-config && have_hdf5; }; then
        echo "setup: HDF5 is not installed and cannot be; building it into the program" >&2
        need_cmake || exit 1
        MATSIEVE_FEATURES=(--features static)
    fi
fi
