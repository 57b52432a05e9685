"""A space swept by neutrality and electronegativity rules: matsieve against SMACT 4.0.2's smact_filter, processor time of one core.

    pip install SMACT==4.0.2 h5py
    python benches/peers/sweep.py PROGRAM [--elements 12] [--plan benches/plans/sweep.toml]

Survivors are compared first: every quaternary set of the first elements of the plan's space, all stoichiometries up to its largest
amount, must have the same survivors in both. Then SMACT's time for these sets and the program's time for the whole space, both
divided by the number of compositions that they cover.
"""

import argparse
import itertools
import json
import math
import os
import pathlib
import re
import resource
import subprocess
import sys
import tempfile
import time
import tomllib
from importlib.metadata import version

import h5py
from smact import Element
from smact.screening import smact_filter

PART = r"([A-Z][a-z]?)(\d*)"
ROOT = pathlib.Path(__file__).resolve().parent.parent.parent


def children_cpu():
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def run(program, plan, out, settings):
    before = children_cpu()
    begun = time.time()
    command = [program, "screen", str(plan), "-o", str(out), "--threads", "1", "--quiet"]
    for setting in settings:
        command += ["--set", setting]
    subprocess.run(command, check=True)
    return children_cpu() - before, time.time() - begun


def amounts(formula):
    """Amounts of a reduced formula, brackets such as BeCu(MoS)2 multiplied out."""
    inner = re.sub(r"\(([^)]*)\)(\d*)", lambda m: "".join(
        f"{symbol}{int(number or 1) * int(m[2] or 1)}" for symbol, number in re.findall(PART, m[1])), formula)
    return tuple(sorted((symbol, int(number or 1)) for symbol, number in re.findall(PART, inner)))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("--elements", type=int, default=12)
    parser.add_argument("--plan", type=pathlib.Path, default=ROOT / "benches" / "plans" / "sweep.toml")
    options = parser.parse_args()
    assert version("SMACT") == "4.0.2", version("SMACT")
    program = str(pathlib.Path(options.program).resolve())
    space = tomllib.loads(options.plan.read_text())["source"]["space"]
    # Evenly spread over the list, so that metals and non-metals are among them.
    names = space["elements"]
    spread = lambda number: [names[i * len(names) // number] for i in range(number)]  # noqa: E731
    some = spread(options.elements)
    threshold = space["max_amount"]

    before = time.process_time()
    ours, theirs = set(), set()
    sets = list(itertools.combinations(some, space["num_elements"]))
    for symbols in sets:
        for found in smact_filter([Element(symbol) for symbol in symbols], threshold=threshold, oxidation_states_set="icsd24"):
            counts = found[2] if len(found) == 3 else found[1]
            divisor = math.gcd(*counts)
            theirs.add(tuple(sorted(zip(found[0], (count // divisor for count in counts)))))
    smact = time.process_time() - before
    with tempfile.TemporaryDirectory() as folder:
        part = pathlib.Path(folder) / "part.h5"
        # The list that SMACT calls icsd24.
        lists = [f"filter.{i}.{key}={value}" for i in (0, 1) for key, value in (("consensus", 6), ("commonality", 0))]
        settings = [f"source.space.elements={json.dumps(some)}", "sink.store=survivors", *lists]
        run(program, options.plan, part, settings)
        with h5py.File(part) as file:
            ours = {amounts(formula.decode()) for formula in file["candidates/formula"][()]}
            covered = int(file["ledger/in"][0])
        if ours != theirs:
            print(f"only matsieve: {sorted(ours - theirs)[:5]}, only SMACT: {sorted(theirs - ours)[:5]}")
            sys.exit(f"survivors differ: {len(ours)} and {len(theirs)}, {len(ours & theirs)} in both")
        print(f"{len(sets)} element sets, {covered} compositions: {len(ours)} survivors, the same in both")
        lines = []
        for title, more in [(f"SMACT's list, {2 * options.elements} elements", [
            f"source.space.elements={json.dumps(spread(2 * options.elements))}", *lists]), ("the plan as it is", [])]:
            whole = pathlib.Path(folder) / "whole.h5"
            cpu, wall = run(program, options.plan, whole, [*more, "run.seed=0"])
            with h5py.File(whole) as file:
                total = int(file["ledger/in"][0])
                kept = int(file["ledger/kept"][2])
                peak = json.loads(file["provenance/run"][()])["peak_memory_bytes"]
                rows = len(file["candidates/index"])
            whole.unlink()
            lines.append(f"matsieve, {title}: {total} compositions, {kept} survivors, {rows} rows kept, {cpu:.1f} s of processor "
                         f"time, {wall:.1f} s on one thread: {total / cpu / 1e6:.1f} M/s of a core, {total / cpu / (covered / smact):.0f} "
                         f"times SMACT, peak {peak / 2**20:.0f} MiB")
    print(f"SMACT {covered / smact:.0f} compositions/s of a core ({smact:.1f} s)")
    print("\n".join(lines))


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    main()
