#!/usr/bin/env bash
# Runs a statically linked matsieve where there is nothing else: in an empty folder as its root, and in the root of an older
# distribution, and compares the digests with those of this machine.
#
#   bash scripts/chroot-test.sh [PROGRAM] [SUITE] [MIRROR]
#
# PROGRAM: default the one that scripts/release.sh built; SUITE: a Debian release for debootstrap, default bullseye; MIRROR: default that of
# this machine's apt. Needs root; what cannot be done is said and counted as skipped.
set -euo pipefail
cd "$(dirname "$0")/.."

program=${1:-$(ls target/packages/matsieve-*/bin/matsieve)}
suite=${2:-bullseye}
mirror=${3:-$(grep -rhoE 'https?://[^ ]+/debian/?$' /etc/apt/sources.list /etc/apt/sources.list.d 2>/dev/null | head -1 || true)}
work=$(mktemp -d)
trap 'umount "$work"/*/proc 2>/dev/null || true; rm -rf "$work"' EXIT

if [ "$(id -u)" != 0 ]; then
    echo "chroot-test: skipped, chroot needs root" >&2
    exit 0
fi
if ldd "$program" 2>&1 | grep -q '=>'; then
    echo "chroot-test: $program is linked dynamically" >&2
    exit 1
fi

fill() {
    mkdir -p "$1"/{bin,data}
    cp "$program" "$1/bin/matsieve"
    cp examples/structures.toml "$1/data/"
    cp -r examples/structures "$1/data/"
    cp examples/solar_absorbers.toml "$1/data/"
    printf 'formula\nSi\nFe2O3\nCs2AgBiBr6\nCuSO4·5H2O\nXx2\n' > "$1/data/formulas.csv"
}

# Every verb that a node of a cluster needs; prints the digests.
use() {
    local run=("$@")
    "${run[@]}" list descriptors > /dev/null
    "${run[@]}" predict --all --formula Cs2AgBiBr6 > /dev/null
    "${run[@]}" featurize data/formulas.csv --preset composition-core -o data/features.h5 -q || [ $? = 2 ]
    "${run[@]}" screen data/solar_absorbers.toml --set source.space.max_atoms=5 -o data/screen.h5 -q
    "${run[@]}" screen data/structures.toml -o data/structures.h5 -q
    "${run[@]}" show data/screen.h5 > /dev/null
    "${run[@]}" report data/screen.h5 -o data/screen.html -q
    "${run[@]}" export data/screen.h5 -o data/screen.csv -q
    "${run[@]}" verify data/features.h5 data/screen.h5 data/structures.h5 | grep intact
}

fill "$work/here"
here() { (cd "$work/here" && bin/matsieve "$@"); }
use here > "$work/expected"

check() {
    if diff "$work/expected" "$work/found"; then
        echo "$1: runs, digests are those of this machine"
    else
        echo "$1: other digests" >&2
        exit 1
    fi
}

fill "$work/empty"
use chroot "$work/empty" /bin/matsieve > "$work/found"
check "empty root without /proc, /sys, /dev and /tmp"

mkdir "$work/empty/proc" && mount -t proc proc "$work/empty/proc" && rm "$work"/empty/data/*.h5
use chroot "$work/empty" /bin/matsieve > "$work/found"
umount "$work/empty/proc"
check "empty root with /proc"

command -v debootstrap > /dev/null || apt-get install -y -qq debootstrap > /dev/null 2>&1 || true
if command -v debootstrap > /dev/null && debootstrap --variant=minbase "$suite" "$work/old" "$mirror" > "$work/debootstrap.log" 2>&1; then
    fill "$work/old"
    use chroot "$work/old" /bin/matsieve > "$work/found"
    check "$(sed -n 's/^PRETTY_NAME=//p' "$work/old/etc/os-release" | tr -d '"'), glibc $(chroot "$work/old" ldd --version | sed -n '1s/.* //p')"
else
    echo "skipped: the root of $suite could not be made: $(tail -1 "$work/debootstrap.log" 2>/dev/null || echo no debootstrap)" >&2
fi
