#!/usr/bin/env bash
# Installs what is missing and runs every check: format, lints, tests, documentation, benches once.
# Tests on real data read the folder named by MATSIEVE_DATASETS (default ../shared/datasets) and say when they are skipped.
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/setup.sh

step() { printf '\n== %s\n' "$*" >&2; }

step format
cargo fmt --all --check
step lints
cargo clippy --workspace --all-targets "${MATSIEVE_FEATURES[@]}" -- -D warnings
step documentation
RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --quiet "${MATSIEVE_FEATURES[@]}"
step benches, once each
cargo test --workspace --benches --quiet "${MATSIEVE_FEATURES[@]}"
step tests
need_onnxruntime || echo "test: SKIPPED networks in ONNX files: no ONNX Runtime" >&2
cargo test --workspace "${MATSIEVE_FEATURES[@]}"
step a real Slurm and MPI
bash scripts/slurm-test.sh target/debug/matsieve
