"""The recipe on the sets of the CrabNet paper with their fixed splits, beside the published test errors.

    python benches/peers/crabnet_sets.py MATSIEVE CACHE [--sets NAME,…] [--members default] [--threads 2]

Wang, Kauwe, Murdock, Sparks, npj Comput. Mater. 7, 77 (2021), doi 10.1038/s41524-021-00545-1. Trained on the authors' training
part alone (they chose epochs by the validation part, which is not used here), scored on their test part. Their numbers of test
rows are 4 to 12 lower in the AFLOW sets, where they left single elements out; ours count them. Tables and finished folds are kept in
CACHE: a killed run goes on. Prints a table in Markdown.
"""

import argparse
import csv
import gzip
import json
import os
import pathlib
import subprocess
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
DATASETS = pathlib.Path(os.environ.get("MATSIEVE_DATASETS", ROOT.parent / "shared" / "datasets"))
FOLDER = DATASETS / "crabnet_benchmark"


def rows(name, part):
    with gzip.open(FOLDER / name / f"{part}.csv.gz", "rt") as file:
        return [(row["formula"], row["target"]) for row in csv.DictReader(file)]


def evaluate(options, name):
    train, test = rows(name, "train"), rows(name, "test")
    table, folds = options.cache / f"{name}.csv", options.cache / f"{name}.folds.json"
    with open(table, "w", newline="") as file:
        csv.writer(file).writerows([("formula", "target"), *train, *test])
    first = len(train)
    folds.write_text(json.dumps({"folds": [{"train": list(range(first)), "test": list(range(first, first + len(test)))}]}))
    command = [options.matsieve, "evaluate", table, "--target", "target", "--folds", folds, "--members", options.members]
    command += ["--threads", str(options.threads), "--checkpoint", options.cache / "finished", "--json", "-q"]
    begun, before = time.monotonic(), os.times()
    scores = json.loads(subprocess.run(list(map(str, command)), check=True, capture_output=True, text=True).stdout)
    after = os.times()
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    (options.cache / f"{name}.{options.members}.json").write_text(json.dumps(scores, indent=1))
    return scores, time.monotonic() - begun, cpu


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("matsieve", type=pathlib.Path)
    parser.add_argument("cache", type=pathlib.Path)
    parser.add_argument("--sets", type=lambda text: text.split(","), default=[])
    parser.add_argument("--members", default="default")
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    options.cache.mkdir(parents=True, exist_ok=True)
    with open(FOLDER / "published_metrics.csv") as file:
        published = {row["property"]: row for row in csv.DictReader(file)}
    names = sorted(path.parent.name for path in FOLDER.glob("*/train.csv.gz"))
    print("| set | train, test rows | MAE | RF | CrabNet | HotCrab | Roost | 90 % covers | core minutes |\n|---|---|---|---|---|---|---|---|---|")
    for name in options.sets or names:
        scores, _, cpu = evaluate(options, name)
        peers = [float(published[name][peer]) for peer in ("rf", "crabnet", "hotcrab", "roost")]
        mae = scores["mae"]
        mark = " (best)" if mae < min(peers) else " (beats RF)" if mae < peers[0] else " (**worse than RF**)"
        train = scores["folds"][0]["n_train"]
        print(f"| {name} | {train}, {scores['n']} | {mae:.4g}{mark} | " + " | ".join(f"{x:.4g}" for x in peers)
              + f" | {scores['coverage_90']:.3f} | {cpu / 60:.1f} |", flush=True)
        members = ", ".join(f"{member} {alone['mae']:.4g}" for member, alone in scores["members"].items())
        print(f"|   members alone | | {members} | | | | | | |", flush=True)


if __name__ == "__main__":
    main()
