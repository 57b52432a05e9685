"""featurize --descriptors magpie, CSV to HDF5, against matminer's ElementProperty, one thread each.

    python benches/peers/featurize.py target/release/matsieve FORMULAS.csv[.gz] [--sample 3000]

Checks that both compute the same 132 columns on a sample (tolerance 1e-10 of the column's scale), then times both: matminer
on the sample, matsieve on the whole file (median of five whole processes), and prints rows per second and the ratio.
Needs tests/golden/requirements.txt installed.
"""

import argparse
import json
import os
import subprocess
import tempfile
import time

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"

import h5py
import numpy as np
import pandas as pd
from matminer.featurizers.composition import ElementProperty
from pymatgen.core import Composition


def featurize(program, table, dtype):
    with tempfile.TemporaryDirectory() as folder:
        out = os.path.join(folder, "out.h5")
        start = time.perf_counter()
        subprocess.run(
            [program, "featurize", table, "--descriptors", "magpie", "--dtype", dtype, "--threads", "1", "-q", "-o", out],
            check=True,
        )
        seconds = time.perf_counter() - start
        with h5py.File(out) as file:
            values = file["features/magpie/values"][:]
            columns = file["features/magpie/columns"].asstr()[:]
        return seconds, values, list(columns)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("table")
    parser.add_argument("--sample", type=int, default=3000)
    arguments = parser.parse_args()
    frame = pd.read_csv(arguments.table, keep_default_na=False)
    formulas = frame["formula" if "formula" in frame else "composition"].astype(str)
    sample = formulas.sample(min(arguments.sample, len(formulas)), random_state=0).sort_index()

    featurizer = ElementProperty.from_preset("magpie", impute_nan=False)
    compositions = [Composition(formula) for formula in sample]
    featurizer.featurize(compositions[0])
    start = time.perf_counter()
    expected = np.array([featurizer.featurize(composition) for composition in compositions], dtype=float)
    peer_seconds = time.perf_counter() - start

    with tempfile.TemporaryDirectory() as folder:
        part = os.path.join(folder, "sample.csv")
        sample.to_frame("formula").to_csv(part, index=False)
        _, values, columns = featurize(arguments.program, part, "f64")
    assert columns == featurizer.feature_labels(), "columns differ"
    assert values.shape == expected.shape, (values.shape, expected.shape)
    scale = np.nanmax(np.abs(expected), axis=0)
    assert (np.isnan(values) == np.isnan(expected)).all(), "NaN in different places"
    difference = np.nanmax(np.abs(values - expected) / np.maximum(np.abs(expected), scale))
    assert difference <= 1e-10, difference

    report = {
        "rows_compared": len(sample),
        "largest_difference": float(difference),
        "matminer_rows_per_second": len(sample) / peer_seconds,
    }
    for dtype in ("f64", "f32"):
        seconds = [featurize(arguments.program, arguments.table, dtype)[0] for _ in range(5)]
        rate = len(formulas) / float(np.median(seconds))
        report[f"matsieve_{dtype}_rows_per_second"] = rate
        report[f"ratio_{dtype}"] = rate / report["matminer_rows_per_second"]
        report[f"seconds_{dtype}"] = sorted(seconds)
    print(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()
