#!/usr/bin/env bash
# Fuzzes the readers: each target for so many seconds, and adds the time to benches/runs/fuzz.md.
#
#   bash scripts/fuzz.sh [SECONDS] [TARGET…]
#
# Needs nothing but the stable toolchain and a C++ compiler: libFuzzer comes with the crate, coverage is a pass of LLVM. A crash,
# a leak of time (10 s for one input, running alone) or of memory (2 GB) ends a target with a file in fuzz/artifacts/, and the script fails.
# FUZZ_BUILD=no takes the targets as they were built last.
set -euo pipefail
cd "$(dirname "$0")/.."

seconds=${1:-60}
shift || true
mapfile -t targets < <(if [ $# -gt 0 ]; then printf '%s\n' "$@"; else sed -n 's/^name = "\([a-z_]*\)"$/\1/p' fuzz/Cargo.toml; fi)

host=$(rustc -vV | sed -n 's/^host: //p')
flags="-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 -Cllvm-args=-sanitizer-coverage-inline-8bit-counters"
flags="$flags -Cllvm-args=-sanitizer-coverage-pc-table -Cllvm-args=-sanitizer-coverage-trace-compares --cfg fuzzing -Ccodegen-units=1"
[ "${FUZZ_BUILD:-yes}" = no ] || RUSTFLAGS="$flags" nice -n 19 cargo build --release --manifest-path fuzz/Cargo.toml --target "$host"

failed=0
for target in "${targets[@]}"; do
    # What earlier runs found stays in the target folder; what is committed is small and written by hand.
    found="fuzz/target/corpus/$target"
    artifacts="fuzz/artifacts/$target/"
    mkdir -p "$found" "$artifacts" "fuzz/corpus/$target"
    dictionary="fuzz/dictionaries/$target.dict"
    arguments=(-max_total_time="$seconds" -timeout=30 -rss_limit_mb=2048 -malloc_limit_mb=1024 -max_len=65536 -print_final_stats=1)
    arguments+=(-artifact_prefix="$artifacts")
    if [ -f "$dictionary" ]; then arguments+=(-dict="$dictionary"); fi
    log="fuzz/target/$target.log"
    program="fuzz/target/$host/release/$target"
    ended=0
    # Seconds of the processor, not of the clock: a run may be paused.
    TIMEFORMAT=%U
    spent=$({ time nice -n 10 "$program" "${arguments[@]}" "$found" "fuzz/corpus/$target" > "$log" 2>&1; } 2>&1) || ended=$?
    spent=${spent%%.*}
    runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
    edges=$(grep -o 'cov: [0-9]*' "$log" | tail -1 | cut -d' ' -f2)
    # A process that was paused or starved seems to hang: what runs through in time alone is no finding.
    artifact=$(sed -n 's/.*Test unit written to //p' "$log" | tail -1)
    if [ "$ended" -ne 0 ] && [[ "$artifact" == *timeout-* ]] && nice -n 19 "$program" -timeout=10 "$artifact" > "$log.again" 2>&1; then
        ended=0
        rm -f "$artifact"
    fi
    if [ "$ended" -ne 0 ]; then
        failed=1
        echo "$target: found something after $spent s, see $log and $artifacts" >&2
        grep -m 5 -E 'panicked|ERROR|SUMMARY' "$log" >&2 || true
    else
        python3 scripts/fuzz_record.py "$target" "$spent" "${runs:-0}" "${edges:-0}"
    fi
    echo "$target: $spent s, ${runs:-0} runs, ${edges:-0} edges"
done
exit "$failed"
