"""Trees against scikit-learn and LightGBM: same data, same shape of model, one thread each unless --threads says else.

Asserts that both explain the test rows equally well before it prints any time. Needs numpy, scikit-learn, lightgbm
(versions are printed). Usage, from the root of the repository:

    python benches/peers/trees.py [--threads N] [--table FEATURES.csv --target COLUMN]

Without --table the data are synthetic: 4,600 training rows of 145 columns, as many as matbench_expt_gap with
composition descriptors; some columns are mostly zero and some values are missing, as there.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--threads", type=int, default=1)
parser.add_argument("--table", help="CSV of numeric columns to use instead of synthetic data")
parser.add_argument("--target", help="column of the table to predict")
arguments = parser.parse_args()
os.environ["OMP_NUM_THREADS"] = str(arguments.threads)

import lightgbm
import numpy as np
import sklearn
from sklearn.ensemble import ExtraTreesRegressor
from sklearn.metrics import mean_absolute_error, r2_score

print(f"numpy {np.__version__}, scikit-learn {sklearn.__version__}, lightgbm {lightgbm.__version__}, "
      f"threads {arguments.threads}")


def synthetic(rows, width, random):
    """Correlated columns, a third of them mostly zero; a smooth target with interactions, jumps and noise."""
    factors = random.normal(size=(rows, 20))
    x = factors @ random.normal(size=(20, width)) + 0.5 * random.normal(size=(rows, width))
    sparse = random.random((rows, width // 3)) < 0.9
    x[:, : width // 3][sparse] = 0.0
    y = (np.sin(factors[:, 0] * 2) * 2 + factors[:, 1] * factors[:, 2] + np.abs(factors[:, 3])
         + 2.0 * (x[:, 3] > 0) + 0.3 * random.normal(size=rows))
    x[random.random((rows, width)) < 0.01] = np.nan
    return x, y


random = np.random.default_rng(7)
if arguments.table:
    table = np.genfromtxt(arguments.table, delimiter=",", names=True)
    y = table[arguments.target]
    x = np.column_stack([table[name] for name in table.dtype.names if name != arguments.target])
    order = random.permutation(len(y))
    x, y = x[order], y[order]
    num_train = len(y) * 4 // 5
else:
    num_train = 4600
    projection = np.random.default_rng(7)
    x, y = synthetic(num_train + 8192, 145, projection)
x_train, y_train, x_test, y_test = x[:num_train], y[:num_train], x[num_train:], y[num_train:]

folder = Path(tempfile.mkdtemp(prefix="matsieve-trees-"))
for name, array in {"x_train": x_train, "y_train": y_train, "x_test": x_test}.items():
    np.ascontiguousarray(array, dtype="<f8").tofile(folder / name)

environment = dict(os.environ, MATSIEVE_TREES_PEER=str(folder), RAYON_NUM_THREADS=str(arguments.threads))
output = subprocess.run(["cargo", "bench", "--quiet", "--bench", "trees_peer"], env=environment, check=True,
                        capture_output=True, text=True).stdout
ours = {line.split()[0]: [float(word) for word in line.split()[1:]] for line in output.splitlines()}


def timed(job, repetitions=1):
    least = np.inf
    for _ in range(repetitions):
        start = time.perf_counter()
        result = job()
        least = min(least, time.perf_counter() - start)
    return least, result


def compare(name, model, repetitions, tolerance):
    training, _ = timed(lambda: model.fit(x_train, y_train))
    predicting, predicted = timed(lambda: model.predict(x_test), repetitions)
    predicting *= 1e6 / len(y_test)
    own = np.fromfile(folder / ("extra_trees_mean" if name == "extra_trees" else name))
    own_r2, peer_r2 = r2_score(y_test, own), r2_score(y_test, predicted)
    own_training, own_predicting, leaves = ours[name]
    print(f"{name}: R2 own {own_r2:.4f} peer {peer_r2:.4f}, MAE own {mean_absolute_error(y_test, own):.4f} "
          f"peer {mean_absolute_error(y_test, predicted):.4f}; leaves {leaves:.0f}")
    print(f"    train s: own {own_training:.2f} peer {training:.2f} ratio {training / own_training:.2f}; "
          f"predict us/row: own {own_predicting:.2f} peer {predicting:.2f} ratio {predicting / own_predicting:.1f}")
    if own_r2 < peer_r2 - tolerance:
        sys.exit(f"{name}: accuracy differs by more than {tolerance}, times would mean nothing")


compare("extra_trees", ExtraTreesRegressor(500, max_features=0.25, n_jobs=arguments.threads, random_state=1), 3, 0.01)
quantiles = np.fromfile(folder / "extra_trees_quantiles").reshape(-1, 2)
inside = np.mean((quantiles[:, 0] <= y_test) & (y_test <= quantiles[:, 1]))
median = np.fromfile(folder / "extra_trees_median")
print(f"    raw 90 % interval of leaves covers {inside:.3f}; MAE of median {mean_absolute_error(y_test, median):.4f}")

common = dict(n_estimators=500, learning_rate=0.05, min_child_samples=20, reg_lambda=1.0, n_jobs=arguments.threads,
              random_state=1, verbose=-1)
for leaves in (31, 8, 100):
    compare(f"boosting_squared_{leaves}", lightgbm.LGBMRegressor(num_leaves=leaves, **common), 3, 0.01)
compare("boosting_l1_31", lightgbm.LGBMRegressor(objective="l1", num_leaves=31, subsample=0.7, subsample_freq=1,
                                                 colsample_bytree=0.2, **common), 3, 0.02)
