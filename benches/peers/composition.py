"""Composition descriptors against matminer 0.10.1: same inputs, agreement asserted, then rows per second of both.

    pip install matminer==0.10.1 pymatgen-core==2026.10.16
    python benches/peers/composition.py [--rows 20000] [--only magpie,miedema]

Inputs: an even sample of the formulas of crabnet_benchmark (OQMD band gaps, AFLOW) and composition_sets under
MATSIEVE_DATASETS (default ../shared/datasets). Both sides use one thread; matminer is timed over all rows in a plain
loop without its process pool.
"""

import argparse
import csv
import gzip
import importlib.util
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time
import warnings

warnings.simplefilter("ignore")

import numpy as np  # noqa: E402
from pymatgen.core import Composition  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
DATASETS = pathlib.Path(os.environ.get("MATSIEVE_DATASETS", ROOT.parent / "shared" / "datasets"))
TOLERANCE = 1e-10
FORMULA = re.compile(r"(?:[A-Z][a-z]?[0-9.]*)+$")


def golden():
    """The featurizers and the treatment of missing values of the golden test."""
    path = ROOT / "tests/golden/composition/make.py"
    spec = importlib.util.spec_from_file_location("golden", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def formulas():
    files = [*DATASETS.glob("crabnet_benchmark/*/*.csv.gz"), *DATASETS.glob("composition_sets/*.csv.gz")]
    found = {}
    for path in sorted(files):
        with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
            reader = csv.DictReader(file)
            column = next((c for c in ("formula", "composition", "name", "Composition") if c in (reader.fieldnames or [])), None)
            for row in reader if column else []:
                text = (row[column] or "").replace(" ", "")
                if FORMULA.match(text):
                    found.setdefault(text)
    return list(found)


def composition(text):
    try:
        parsed = Composition(text).reduced_composition
    except Exception:  # not a formula, or an unknown element
        return None
    return parsed if len(parsed) and all(a > 0 for a in parsed.values()) else None


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    if not DATASETS.is_dir():
        sys.exit("skipped: no datasets")
    peers = golden()
    texts = formulas()
    step = max(1, len(texts) // (options.rows + options.rows // 50))
    inputs = [c for c in map(composition, texts[::step]) if c is not None][: options.rows]
    print(f"{len(texts)} distinct formulas, every {step}th, {len(inputs)} compositions, "
          f"{np.mean([len(c) for c in inputs]):.2f} elements on average", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        table = pathlib.Path(folder) / "input.txt"
        table.write_text("".join(" ".join(f"{e} {a!r}" for e, a in c.get_el_amt_dict().items()) + "\n" for c in inputs))
        command = ["cargo", "bench", "-q", "--bench", "peer_composition", "--", str(table), folder]
        lines = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout.splitlines()
        ours = {name: (int(width), float(seconds)) for name, width, seconds in (line.split("\t") for line in lines)}
        wanted = set(filter(None, options.only.split(","))) or set(ours)
        for name in (n for n in [*peers.PLAIN, *peers.CHARGED] if n in ours and n in wanted):
            width, seconds = ours[name]
            values = np.fromfile(pathlib.Path(folder) / f"{name}.f64", "<f8").reshape(-1, width)
            charged = name in peers.CHARGED
            featurizer = (peers.CHARGED if charged else peers.PLAIN)[name]
            start = time.perf_counter()
            rows = [peers.charged_row(featurizer, c) if charged else featurizer.featurize(c) for c in inputs]
            theirs = time.perf_counter() - start
            expected = np.array(rows, dtype=float)
            compare(name, values, expected, inputs)
            rate = len(inputs) / seconds
            print(f"{name}: agrees on {expected.size} values ({np.isnan(expected).sum()} undefined); "
                  f"matminer {len(inputs) / theirs:.0f} rows/s, matsieve {rate:.0f} rows/s, {theirs / seconds:.0f} times", flush=True)
            if name == "magpie":
                kernel = ours["kernel of magpie"][1]
                print(f"kernel of magpie: {len(inputs) / kernel:.0f} rows/s, {theirs / kernel:.0f} times matminer", flush=True)


def compare(name, values, expected, inputs):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        scale = np.nan_to_num(np.nanmax(np.abs(expected), axis=0))
    bound = TOLERANCE * np.maximum(np.nan_to_num(np.abs(expected)), scale)
    wrong = (np.isnan(values) != np.isnan(expected)) | (np.nan_to_num(np.abs(values - expected)) > bound)
    for row, column in np.argwhere(wrong)[:20]:
        print(f"{name}: {inputs[row].formula}, column {column}: {values[row, column]!r}, matminer {expected[row, column]!r}")
    assert not wrong.any(), f"{name}: {wrong.sum()} of {wrong.size} values differ"


if __name__ == "__main__":
    main()
