#!/usr/bin/env bash
# Builds the release of this commit twice, here and in a clone in another folder with a target folder of its own, and compares the bytes.
#
#   bash scripts/reproduce.sh [CLONE]       CLONE: a folder to create; default: a temporary one
set -euo pipefail
cd "$(dirname "$0")/.."
here=$PWD
clone=${1:-$(mktemp -d)/elsewhere}

bash scripts/release.sh
git clone -q "$here" "$clone"
(cd "$clone" && git checkout -q --detach "$(git -C "$here" rev-parse HEAD)" && env -u CARGO_TARGET_DIR bash scripts/release.sh)

if diff -r "$here/target/packages" "$clone/target/packages"; then
    echo "two builds of $(git rev-parse --short=9 HEAD) are equal to the byte"
else
    echo "the builds differ, see above" >&2
    exit 1
fi
