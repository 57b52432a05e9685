"""Intervals and domain where training data do not reach: five random folds against leaving clusters out, on small public sets.

    python benches/leave_cluster_out.py MATSIEVE [--members quick] [--threads 2] [--sets NAME,…]

Reads MATSIEVE_DATASETS (default ../shared/datasets). For each set: how many rows the 90 % interval covers in both splits, and how well
`domain_distance`, and `std`, tell the large errors of left-out clusters: the area under the ROC curve, large being above the 95th percentile of
the in-domain errors of the random folds. Prints a table in Markdown.
"""

import argparse
import csv
import json
import os
import pathlib
import subprocess
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
DATASETS = pathlib.Path(os.environ.get("MATSIEVE_DATASETS", ROOT.parent / "shared" / "datasets"))
SETS = {
    "jdft2d": ("matbench_tables/matbench_jdft2d.csv.gz", "exfoliation_en", []),
    "heusler": ("composition_sets/heusler_magnetic.csv.gz", "e_form", []),
    "formation enthalpy": ("composition_sets/expt_formation_enthalpy_kingsbury.csv.gz", "expt_form_e", []),
    "Debye temperature": ("crabnet_benchmark/aflow__ael_debye_temperature/train.csv.gz", "target", []),
    "thermal conductivity": ("crabnet_benchmark/aflow__agl_thermal_conductivity_300K/train.csv.gz", "target", []),
    "oxides": ("composition_sets/wolverton_oxides.csv.gz", "e_form", []),
}


def evaluate(options, table, target, more, split, folder):
    out = folder / "rows.csv"
    command = [options.matsieve, "evaluate", DATASETS / table, "--target", target, *more, "--split", split, "--members", options.members]
    command += ["--threads", str(options.threads), "-o", out, "--json", "-q"]
    scores = json.loads(subprocess.run(list(map(str, command)), check=True, capture_output=True, text=True).stdout)
    with open(out) as file:
        rows = [row for row in csv.DictReader(file) if row["domain_distance"] not in ("", "NaN")]
    errors = [abs(float(row["value"]) - float(row["truth"])) for row in rows]
    covered = [float(row["lower"]) <= float(row["truth"]) <= float(row["upper"]) for row in rows]
    return scores, rows, errors, sum(covered) / len(covered)


def area(scores, labels):
    """Probability that a row with the label has the larger score, ties counting half."""
    order = sorted(range(len(scores)), key=lambda i: scores[i])
    ranks, place = [0.0] * len(scores), 0
    while place < len(order):
        end = place
        while end < len(order) and scores[order[end]] == scores[order[place]]:
            end += 1
        for i in order[place:end]:
            ranks[i] = (place + end + 1) / 2
        place = end
    positive = sum(labels)
    total = sum(rank for rank, label in zip(ranks, labels) if label)
    return (total - positive * (positive + 1) / 2) / (positive * (len(labels) - positive))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("matsieve", type=pathlib.Path)
    parser.add_argument("--members", default="quick")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--sets", type=lambda text: text.split(","), default=list(SETS))
    options = parser.parse_args()
    print("| set | rows | MAE: random, clusters out | 90 % covers: random, clusters out | rows in domain, clusters out | large errors | AUROC of distance, of std |")
    print("|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        for name in options.sets:
            table, target, more = SETS[name]
            random, rows, errors, inside = evaluate(options, table, target, more, "kfold:5", pathlib.Path(folder))
            known = sorted(error for error, row in zip(errors, rows) if row["in_domain"] == "1")
            limit = known[int(0.95 * (len(known) - 1))]
            clusters, rows, errors, outside = evaluate(options, table, target, more, "loco:10", pathlib.Path(folder))
            distances = [float(row["domain_distance"]) for row in rows]
            deviations = [float(row["std"]) for row in rows]
            large = [error > limit for error in errors]
            share = sum(row["in_domain"] == "1" for row in rows) / len(rows)
            print(f"| {name} | {len(rows)} | {random['mae']:.4g}, {clusters['mae']:.4g} | {inside:.3f}, {outside:.3f} | {share:.2f} | "
                  f"{sum(large)} | {area(distances, large):.3f}, {area(deviations, large):.3f} |", flush=True)


if __name__ == "__main__":
    main()
