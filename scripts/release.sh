#!/usr/bin/env bash
# Builds the release: one statically linked executable with tables, models and HDF5 inside, manual pages, completions, a module
# file, licences, checksums, and an archive of them.
#
#   bash scripts/release.sh [FOLDER]        default target/packages; prints the archive's SHA-256
#
# The bytes shall depend on the commit, the Rust toolchain, the C compiler and the C library, not on the folder, the time or the
# machine: scripts/reproduce.sh builds twice and compares. Needs gcc with the static C library (libc6-dev), Python for PyPI's CMake, and a tree
# without changes: the commit is part of the program.
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/setup.sh
need_cmake

out=${1:-target/packages}
if [ -n "$(git status --porcelain --untracked-files=no)" ]; then
    echo "release: the tree has changes that no commit holds" >&2
    exit 1
fi
target=$(uname -m)-unknown-linux-gnu
version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -1)
name=matsieve-$version-$(uname -m)-linux
SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)
export SOURCE_DATE_EPOCH
cargo_home=${CARGO_HOME:-$HOME/.cargo}

# Places of this machine that the compilers would write into the program.
remap="--remap-path-prefix=$PWD=/matsieve --remap-path-prefix=$cargo_home=/cargo"
remap="$remap --remap-path-prefix=$(rustc --print sysroot)=/rust"
export RUSTFLAGS="-C target-feature=+crt-static $remap"
export CFLAGS="-ffile-prefix-map=$PWD=/matsieve -ffile-prefix-map=$cargo_home=/cargo"
export CXXFLAGS=$CFLAGS
export TZ=UTC LC_ALL=C

# HDF5 would write the folder it was built in, the flags of the compiler and the kernel of the machine into the library.
cat > target/cmake/configure <<EOF
#!/bin/sh
case "\$1" in --build | --version) exec "$CMAKE" "\$@" ;; esac
"$CMAKE" "\$@" -DHDF5_ENABLE_EMBEDDED_LIBINFO=OFF -DH5_DEFAULT_PLUGINDIR=/usr/local/hdf5/lib/plugin || exit
for file in \$(find . -name H5build_settings.c); do
    printf '#include "H5private.h"\\nconst char H5build_settings[] = "built by scripts/release.sh of matsieve\\\\n";\\n' > "\$file"
done
EOF
chmod +x target/cmake/configure
export CMAKE=$PWD/target/cmake/configure

# A static executable cannot load libraries, so networks in ONNX files are left out.
cargo build --profile dist --no-default-features --features static --target "$target" --bin matsieve

rm -rf "${out:?}/$name"
mkdir -p "$out/$name"/{bin,share/man/man1,share/bash-completion/completions,share/zsh/site-functions}
mkdir -p "$out/$name"/{share/fish/vendor_completions.d,share/modulefiles/matsieve,share/licenses}
root=$out/$name
cp "target/$target/dist/matsieve" "$root/bin/"
program=$root/bin/matsieve
"$program" man --folder "$root/share/man/man1"
"$program" completions bash > "$root/share/bash-completion/completions/matsieve"
"$program" completions zsh > "$root/share/zsh/site-functions/_matsieve"
"$program" completions fish > "$root/share/fish/vendor_completions.d/matsieve.fish"
cp scripts/packaging/matsieve.lua "$root/share/modulefiles/matsieve/$version.lua"
cp scripts/packaging/matsieve.tcl "$root/share/modulefiles/matsieve/$version"
cp scripts/packaging/Containerfile scripts/packaging/matsieve.def "$root/share/"
cp LICENSE-* "$root/share/licenses/"
cp README.md CHANGELOG.md "$root/"
cp -r examples "$root/"
rm -f "$root"/examples/*.rs
find "$root" -type d -exec chmod 755 {} + && find "$root" -type f -exec chmod 644 {} + && chmod 755 "$program"
(cd "$root" && find . -type f ! -name SHA256SUMS -printf '%P\n' | sort | xargs -d '\n' sha256sum > SHA256SUMS)
tar --sort=name --mtime="@$SOURCE_DATE_EPOCH" --owner=0 --group=0 --numeric-owner --format=posix \
    --pax-option=exthdr.name=%d/PaxHeaders/%f,delete=atime,delete=ctime -C "$out" -cf - "$name" | gzip -9n > "$out/$name.tar.gz"
(cd "$out" && sha256sum "$name.tar.gz" | tee "$name.tar.gz.sha256")
