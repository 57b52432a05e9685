"""Corrections to a cheap property on real data: measured band gaps from computed ones.

    python benches/delta_learning.py MATSIEVE [--members quick] [--threads 2]

Reads MATSIEVE_DATASETS (default ../shared/datasets). Rows are the compounds of matbench_expt_gap whose reduced formula is in the Materials Project
tables; their computed gap (PBE) is that of the polymorph with the lowest formation energy (matbench_mp_gap and matbench_mp_e_form, joined by
Materials Project id where the join has it). Scored by the same five random folds: the computed gap alone, the recipe on
composition, with the computed gap as one more column that a correction is learned to (`--base`).
"""

import argparse
import csv
import gzip
import json
import math
import os
import pathlib
import re
import subprocess
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
DATASETS = pathlib.Path(os.environ.get("MATSIEVE_DATASETS", ROOT.parent / "shared" / "datasets"))


def table(path):
    with gzip.open(DATASETS / path, "rt") as file:
        return list(csv.DictReader(file))


def key(formula):
    """Amounts by element, divided by their greatest common divisor; None where they are no whole numbers."""
    amounts = {}

    def add(text, factor):
        for group, many, symbol, amount in re.findall(r"\(([^()]*)\)([\d.]*)|([A-Z][a-z]?)([\d.]*)", text):
            if group:
                add(group, factor * float(many or 1))
            else:
                amounts[symbol] = amounts.get(symbol, 0.0) + factor * float(amount or 1)

    add(formula.replace(" ", ""), 1.0)
    if any(abs(amount - round(amount)) > 1e-9 for amount in amounts.values()):
        return None
    whole = {symbol: round(amount) for symbol, amount in amounts.items()}
    divisor = math.gcd(*whole.values())
    return tuple(sorted((symbol, amount // divisor) for symbol, amount in whole.items()))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("matsieve", type=pathlib.Path)
    parser.add_argument("--members", default="quick")
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    by_id = {}
    for row in table("mp_cif/matbench_join.csv.gz"):
        by_id.setdefault(row["mp_id"], {})[row["task"]] = (float(row["target"]), row["mbid"]) if row["task"] in ("mp_gap", "mp_e_form") else None
    formulas = {row["mbid"]: key(row["composition"]) for row in table("matbench_tables/matbench_mp_gap.csv.gz")}
    lowest = {}
    for tasks in by_id.values():
        if tasks.get("mp_gap") and tasks.get("mp_e_form"):
            (gap, mbid), (energy, _) = tasks["mp_gap"], tasks["mp_e_form"]
            formula = formulas.get(mbid)
            if formula is not None and (formula not in lowest or energy < lowest[formula][0]):
                lowest[formula] = (energy, gap)
    rows = [(row["composition"], float(row["gap expt"]), lowest[key(row["composition"])][1])
            for row in table("matbench_tables/matbench_expt_gap.csv.gz") if key(row["composition"]) in lowest]
    error = sum(abs(measured - computed) for _, measured, computed in rows) / len(rows)
    print(f"{len(rows)} compounds; the computed gap alone: MAE {error:.3f} eV")
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "gaps.csv"
        with open(path, "w", newline="") as file:
            csv.writer(file).writerows([("formula", "gap", "pbe"), *rows])
        for name, more in (("composition alone", []), ("correction to the computed gap", ["--base", "pbe"])):
            command = [options.matsieve, "evaluate", path, "--target", "gap", "--unit", "eV", *more, "--split", "kfold:5"]
            command += ["--members", options.members, "--threads", options.threads, "--json", "-q"]
            scores = json.loads(subprocess.run(list(map(str, command)), check=True, capture_output=True, text=True).stdout)
            print(f"{name}: MAE {scores['mae']:.3f} eV, R² {scores['r2']:.3f}, the 90 % interval covers {scores['coverage_90']:.3f}", flush=True)


if __name__ == "__main__":
    main()
