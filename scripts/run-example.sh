#!/usr/bin/env bash
# Installs what is missing, builds the program, screens examples/solar_absorbers.toml and prints the top of the list.
# Arguments are handed to `matsieve screen`, e.g. --threads 1. The result is solar_absorbers.h5 in the current folder.
set -euo pipefail
here="$PWD"
cd "$(dirname "$0")/.."
source scripts/setup.sh
cargo build --release "${MATSIEVE_FEATURES[@]}"
program="$PWD/target/release/matsieve"
plan="$PWD/examples/solar_absorbers.toml"
cd "$here"
"$program" screen "$plan" -o solar_absorbers.h5 "$@"
"$program" show solar_absorbers.h5
