"""Small models of LightGBM, XGBoost, CatBoost and scikit-learn, and what these libraries predict with them.

    python tests/golden/import/make.py        # versions: tests/golden/requirements.txt

Data are synthetic. Each case is a model file and `<name>.json`: rows, the library's raw sums and its predictions, all
printed so that they are read back to the last bit. Rows are drawn as the training rows are, then come the model's own
thresholds with their neighbours, zeros and missing values, where the library takes them.
"""

import json
import pathlib
import re
import sys

import catboost
import lightgbm
import numpy as np
import sklearn.ensemble
import sklearn.tree
import xgboost

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent.parent.parent / "scripts"))
import export_sklearn  # noqa: E402

NAMES = ["a", "b", "c", "d", "e", "f"]
random = np.random.default_rng(20261127)


def draw(rows):
    x = random.normal(size=(rows, 6)) * [1, 1e-3, 100, 1, 1, 1]
    x[:, 3] = np.where(random.random(rows) < 0.6, 0.0, x[:, 3])
    x[:, 4] = random.integers(0, 70, rows)
    missing = random.random((rows, 6)) < [0, 0.1, 0.1, 0.1, 0.05, 0.2]
    return x, np.where(missing, np.nan, x)


def target(x):
    return np.sin(2 * x[:, 0]) + 2e3 * np.abs(x[:, 1]) + x[:, 2] / 50 * (x[:, 3] > 0) + np.cos(x[:, 4]) + 0.1 * x[:, 5] + 10


FULL, HOLES = draw(500)
Y = target(FULL)
CLASS = (Y > np.median(Y)).astype(int)
COUNT = np.round(np.clip(Y, 0, None))


def rows_of(thresholds, missing, categorical=False):
    """Rows to predict; `thresholds` by feature."""
    full, holes = draw(24)
    x = holes if missing else full
    probes = np.tile(x[:1], (24, 1))
    probes = np.where(np.isnan(probes), 0.5, probes)
    for row in range(len(probes)):
        for column in range(6):
            known = thresholds.get(column, [])
            if len(known) == 0:
                continue
            at = float(known[random.integers(len(known))])
            probes[row, column] = [at, np.nextafter(at, np.inf), np.nextafter(at, -np.inf),
                                   float(np.nextafter(np.float32(at), np.float32(np.inf))),
                                   float(np.nextafter(np.float32(at), np.float32(-np.inf))),
                                   (at + float(np.nextafter(np.float32(at), np.float32(np.inf)))) / 2][random.integers(6)]
    special = np.zeros((6, 6))
    special[1] = 1e-36
    special[2] = -1e-36
    special[3] = -0.0
    if categorical:
        probes[:12, 4] = [-1, -0.5, 0.5, 0, 31, 32, 33, 63.9, 64, 69, 1000, 1e12]
    if missing:
        special[4] = np.nan
        special[5, ::2] = np.nan
    return np.vstack([x, probes, special])


def put(name, rows, raw, prediction):
    cell = lambda x: None if np.isnan(x) else float(x)  # noqa: E731
    made = dict(rows=[[cell(x) for x in row] for row in rows], raw=[float(x) for x in np.ravel(raw)],
                prediction=[float(x) for x in np.ravel(prediction)])
    (HERE / f"{name}.json").write_text(json.dumps(made).replace("], [", "],\n[") + "\n", newline="\n")


def light(name, y=Y, x=HOLES, categorical=False, **parameters):
    parameters = dict(objective="regression", num_leaves=7, learning_rate=0.3, min_data_in_leaf=5, num_threads=1, verbose=-1,
                      seed=1, deterministic=True, min_data_per_group=5, cat_smooth=1) | parameters
    data = lightgbm.Dataset(x, y, feature_name=NAMES, categorical_feature=[4] if categorical else [])
    text = lightgbm.train(parameters, data, 8).model_to_string()
    # Paths and defaults of the machine say nothing of the model.
    text = re.sub(r"\nparameters:.*?end of parameters\n", "\n", text, flags=re.S)
    model = lightgbm.Booster(model_str=text)
    (HERE / f"{name}.txt").write_text(text, newline="\n")
    thresholds = {}
    for tree in re.split(r"\nTree=", text)[1:]:
        found = re.search(r"\nsplit_feature=(.*)\n(?:.*\n)*?threshold=(.*)\ndecision_type=(.*)\n", tree)
        for feature, threshold, kind in zip(*[group.split() for group in found.groups()]):
            if int(kind) & 1 == 0 and np.isfinite(float(threshold)):
                thresholds.setdefault(int(feature), []).append(float(threshold))
    rows = rows_of(thresholds, True, categorical)
    raw = model.predict(rows, raw_score=True, num_threads=1)
    put(name, rows, raw, model.predict(rows, num_threads=1))
    return model


def extreme(name, y=Y, suffix="json", names=True, **parameters):
    parameters = dict(objective="reg:squarederror", max_depth=3, eta=0.4, nthread=1, seed=1) | parameters
    model = xgboost.train(parameters, xgboost.DMatrix(HOLES, y, feature_names=NAMES if names else None), 8)
    model.save_model(HERE / f"{name}.model.{suffix}")
    model = xgboost.Booster(model_file=HERE / f"{name}.model.{suffix}")
    trees = json.loads(model.save_raw("json"))["learner"]["gradient_booster"]
    trees = trees.get("model", trees.get("gbtree", {}).get("model"))["trees"]
    thresholds = {}
    for tree in trees:
        for left, feature, threshold in zip(tree["left_children"], tree["split_indices"], tree["split_conditions"]):
            if left != -1:
                thresholds.setdefault(feature, []).append(np.float32(threshold))
    rows = rows_of(thresholds, True)
    data = xgboost.DMatrix(rows, feature_names=NAMES if names else None)
    put(name, rows, model.predict(data, output_margin=True), model.predict(data))


def cat(name, model, y=Y, exponent=None):
    model.fit(HOLES, y)
    model.save_model(str(HERE / f"{name}.model.json"), format="json")
    made = json.loads((HERE / f"{name}.model.json").read_text())
    kept = {key: made["model_info"][key] for key in ("class_params",) if key in made["model_info"]}
    kept["params"] = {"loss_function": made["model_info"]["params"]["loss_function"]}
    made["model_info"] = kept
    (HERE / f"{name}.model.json").write_text(json.dumps(made) + "\n", newline="\n")
    thresholds = {feature["flat_feature_index"]: [b for b in feature["borders"] or [] if abs(b) < 1e30]
                  for feature in made["features_info"]["float_features"]}
    rows = rows_of(thresholds, True)
    raw = model.predict(rows, prediction_type="RawFormulaVal", thread_count=1)
    if exponent:
        prediction = model.predict(rows, prediction_type="Exponent", thread_count=1)
    elif hasattr(model, "predict_proba"):
        prediction = model.predict_proba(rows, thread_count=1)[:, 1]
    else:
        prediction = raw
    put(name, rows, raw, prediction)


def learn(name, model, y=Y, missing=False, weight=None):
    model.fit(HOLES if missing else FULL, y)
    export_sklearn.export(model, HERE / f"{name}.model.json", NAMES)
    made = json.loads((HERE / f"{name}.model.json").read_text())
    (HERE / f"{name}.model.json").write_text(json.dumps(made) + "\n", newline="\n")
    thresholds = {}
    for tree in made["trees"]:
        for feature, threshold, left in zip(tree["feature"], tree["threshold"], tree["left"]):
            if left != -1 and abs(threshold) < 1e30:
                thresholds.setdefault(feature, []).append(threshold)
    rows = rows_of(thresholds, missing)
    prediction = model.predict_proba(rows)[:, 1] if hasattr(model, "classes_") else model.predict(rows)
    raw = model.decision_function(rows) if hasattr(model, "decision_function") else prediction
    if made["link"] == "exp":
        raw = model._raw_predict(rows)
    put(name, rows, raw, prediction)


light("lightgbm-regression")
light("lightgbm-categorical", categorical=True, num_leaves=12)
light("lightgbm-zero-as-missing", zero_as_missing=True)
light("lightgbm-no-missing", x=FULL)
light("lightgbm-use-missing-false", use_missing=False)
light("lightgbm-binary", CLASS, objective="binary", sigmoid=1.5)
light("lightgbm-l1", objective="regression_l1")
light("lightgbm-sqrt", reg_sqrt=True)
light("lightgbm-poisson", COUNT, objective="poisson")
light("lightgbm-forest", boosting="rf", bagging_freq=1, bagging_fraction=0.7)
light("lightgbm-dart", boosting="dart", drop_rate=0.5)
light("lightgbm-cross-entropy", CLASS * 0.8 + 0.1, objective="cross_entropy")
light("lightgbm-cross-entropy-lambda", CLASS * 0.8 + 0.1, objective="cross_entropy_lambda")

extreme("xgboost-regression")
extreme("xgboost-ubjson", suffix="ubj")
extreme("xgboost-binary", CLASS, objective="binary:logistic")
extreme("xgboost-logitraw", CLASS, objective="binary:logitraw")
extreme("xgboost-poisson", COUNT, objective="count:poisson")
extreme("xgboost-gamma", Y + 20, objective="reg:gamma")
extreme("xgboost-dart", Y - Y.mean(), booster="dart", rate_drop=0.6, base_score=0.0)
extreme("xgboost-pruned", tree_method="exact", max_depth=5, gamma=40.0)
extreme("xgboost-forest", num_parallel_tree=3, subsample=0.6, eta=1.0, names=False)

quiet = dict(iterations=8, depth=3, learning_rate=0.4, thread_count=1, random_seed=1, verbose=0, allow_writing_files=False)
cat("catboost-regression", catboost.CatBoostRegressor(**quiet))
cat("catboost-max-missing", catboost.CatBoostRegressor(nan_mode="Max", **quiet))
cat("catboost-binary", catboost.CatBoostClassifier(**quiet), CLASS)
cat("catboost-lossguide", catboost.CatBoostRegressor(grow_policy="Lossguide", **quiet))
cat("catboost-poisson", catboost.CatBoostRegressor(loss_function="Poisson", **quiet), COUNT, exponent=True)

ensemble, tree = sklearn.ensemble, sklearn.tree
small = dict(n_estimators=7, max_depth=4, random_state=1)
learn("sklearn-decision-tree", tree.DecisionTreeRegressor(max_depth=5, random_state=1))
learn("sklearn-forest", ensemble.RandomForestRegressor(n_jobs=1, **small))
learn("sklearn-forest-missing", ensemble.RandomForestRegressor(n_jobs=1, **small), missing=True)
learn("sklearn-forest-binary", ensemble.RandomForestClassifier(n_jobs=1, **small), CLASS)
learn("sklearn-extra-trees", ensemble.ExtraTreesRegressor(n_jobs=1, **small))
learn("sklearn-boosting", ensemble.GradientBoostingRegressor(**small))
learn("sklearn-boosting-binary", ensemble.GradientBoostingClassifier(**small), CLASS)
learn("sklearn-boosting-exponential", ensemble.GradientBoostingClassifier(loss="exponential", **small), CLASS)
histogram = dict(max_iter=7, max_leaf_nodes=7, random_state=1)
learn("sklearn-histogram", ensemble.HistGradientBoostingRegressor(**histogram), missing=True)
learn("sklearn-histogram-binary", ensemble.HistGradientBoostingClassifier(**histogram), CLASS, missing=True)
learn("sklearn-histogram-poisson", ensemble.HistGradientBoostingRegressor(loss="poisson", **histogram), COUNT, missing=True)

# Splits that only tell missing values from others: their thresholds are infinite.
light("lightgbm-infinite", Y + 5 * np.isnan(HOLES[:, 5]), num_leaves=4)
