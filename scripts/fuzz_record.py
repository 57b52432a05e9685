"""Adds the time, runs and coverage of one fuzz target to benches/runs/fuzz.md: target seconds runs edges."""

import pathlib
import sys

TABLE = pathlib.Path(__file__).resolve().parent.parent / "benches/runs/fuzz.md"
HEAD = """# Fuzzing

Seconds of processor time that each reader has been fuzzed without crash, hang (10 s for one input) or memory above 2 GB, summed over all runs of
`scripts/fuzz.sh`; a finding is fixed and gets a regression test. Edges: coverage at the end of the last run.

| target | seconds | runs | edges |
|---|---|---|---|
"""


def main():
    target, seconds, runs, edges = sys.argv[1], *map(int, sys.argv[2:])
    rows = {}
    if TABLE.exists():
        for line in TABLE.read_text().splitlines():
            cells = [cell.strip() for cell in line.strip("|").split("|")]
            if len(cells) == 4 and cells[1].isdigit():
                rows[cells[0]] = [int(cell) for cell in cells[1:]]
    before = rows.get(target, [0, 0, 0])
    rows[target] = [before[0] + seconds, before[1] + runs, edges or before[2]]
    TABLE.write_text(HEAD + "".join(f"| {name} | {row[0]} | {row[1]} | {row[2]} |\n" for name, row in sorted(rows.items())))


main()
