"""Imported models against the libraries that trained them: same file, same rows, one thread.

Trains LightGBM, XGBoost, CatBoost and scikit-learn models, lets `benches/peers/import.rs` import and predict them, and
asserts that every prediction is equal to the last bit before it prints any time. Needs what tests/golden/requirements.txt
pins. Usage, from the root of the repository:

    python benches/peers/import.py [--only NAME] [--rows 8192]
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--only", default="", help="compare only models whose name contains this")
parser.add_argument("--rows", type=int, default=8192, help="rows to predict")
arguments = parser.parse_args()
os.environ["OMP_NUM_THREADS"] = "1"

import catboost
import lightgbm
import numpy as np
import sklearn
import xgboost
from sklearn.ensemble import ExtraTreesRegressor, HistGradientBoostingRegressor, RandomForestRegressor

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent / "scripts"))
import export_sklearn

print(f"numpy {np.__version__}, lightgbm {lightgbm.__version__}, xgboost {xgboost.__version__}, "
      f"catboost {catboost.__version__}, scikit-learn {sklearn.__version__}, 1 thread, {arguments.rows} rows, "
      f"load {os.getloadavg()[0]:.1f}")


def synthetic(rows, width, random):
    """As in trees.py: correlated columns, a third of them mostly zero; a smooth target with interactions, jumps, noise."""
    factors = random.normal(size=(rows, 20))
    x = factors @ random.normal(size=(20, width)) + 0.5 * random.normal(size=(rows, width))
    x[:, : width // 3][random.random((rows, width // 3)) < 0.9] = 0.0
    y = (np.sin(factors[:, 0] * 2) * 2 + factors[:, 1] * factors[:, 2] + np.abs(factors[:, 3])
         + 2.0 * (x[:, 3] > 0) + 0.3 * random.normal(size=rows))
    x[random.random((rows, width)) < 0.01] = np.nan
    return x, y


x, y = synthetic(4600 + arguments.rows, 145, np.random.default_rng(7))
x_train, y_train, x_test = x[:4600], y[:4600], np.ascontiguousarray(x[4600:])
x_single = np.ascontiguousarray(x_test, dtype=np.float32)
folder = Path(tempfile.mkdtemp(prefix="matsieve-import-"))
x_test.astype("<f8").tofile(folder / "x_test")


def light(leaves):
    data = lightgbm.Dataset(x_train, y_train)
    parameters = dict(objective="regression", num_leaves=leaves, learning_rate=0.05, num_threads=1, verbose=-1)
    lightgbm.train(parameters, data, 500).save_model(folder / f"lightgbm_500x{leaves}")
    model = lightgbm.Booster(model_file=folder / f"lightgbm_500x{leaves}")
    return lambda: model.predict(x_test, num_threads=1)


def extreme():
    parameters = dict(objective="reg:squarederror", max_depth=6, eta=0.05, nthread=1)
    model = xgboost.train(parameters, xgboost.DMatrix(x_train, y_train), 500)
    model.save_model(folder / "xgboost_500xdepth6.ubj")
    os.rename(folder / "xgboost_500xdepth6.ubj", folder / "xgboost_500xdepth6")
    return lambda: model.inplace_predict(x_single)


def cat():
    model = catboost.CatBoostRegressor(iterations=500, depth=6, learning_rate=0.05, thread_count=1, verbose=0,
                                       allow_writing_files=False).fit(x_train, y_train)
    model.save_model(str(folder / "catboost_500xdepth6"), format="json")
    return lambda: model.predict(x_single, thread_count=1)


def learn(name, model, test):
    model.fit(x_train, y_train)
    export_sklearn.export(model, folder / name)
    return lambda: model.predict(test)


jobs = {
    "lightgbm_500x31": lambda: light(31),
    "lightgbm_500x8": lambda: light(8),
    "xgboost_500xdepth6": extreme,
    "catboost_500xdepth6": cat,
    "sklearn_forest_100": lambda: learn("sklearn_forest_100", RandomForestRegressor(100, max_features=0.25, n_jobs=1), x_test),
    "sklearn_extra_trees_500": lambda: learn(
        "sklearn_extra_trees_500", ExtraTreesRegressor(500, max_features=0.25, n_jobs=1), x_test),
    "sklearn_histogram_500x31": lambda: learn(
        "sklearn_histogram_500x31", HistGradientBoostingRegressor(max_iter=500, early_stopping=False), x_test),
}
predictors = {name: job() for name, job in jobs.items() if arguments.only in name}
environment = dict(os.environ, MATSIEVE_IMPORT_PEER=str(folder), RAYON_NUM_THREADS="1")
output = subprocess.run(["cargo", "bench", "--quiet", "--bench", "peer_import"], env=environment, check=True,
                        capture_output=True, text=True).stdout
ours = {line.split()[0]: [float(word) for word in line.split()[1:]] for line in output.splitlines() if " " in line}
for name, predict in predictors.items():
    least = np.inf
    for _ in range(5):
        start = time.perf_counter()
        peer = predict()
        least = min(least, time.perf_counter() - start)
    own = np.fromfile(folder / f"{name}.predictions")
    equal = np.mean(own == peer.astype(np.float64))
    own_microseconds, leaves, import_seconds = ours[name]
    peer_microseconds = least / len(x_test) * 1e6
    print(f"{name}: {equal:.4f} of predictions equal to the last bit; leaves {leaves:.0f}, import {import_seconds:.2f} s; "
          f"us/row: own {own_microseconds:.2f} peer {peer_microseconds:.2f} ratio {peer_microseconds / own_microseconds:.1f}")
    if equal < 1:
        sys.exit(f"{name}: predictions differ by up to {np.abs(own - peer).max()}, times would mean nothing")
print(f"load {os.getloadavg()[0]:.1f}")
