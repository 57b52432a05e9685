"""Writes trees of scikit-learn as JSON that `matsieve model import` reads.

    python scripts/export_sklearn.py MODEL.joblib MODEL.json       # unpickles: only files that you made yourself
    from export_sklearn import export; export(estimator, "model.json", features=["MagpieData mean Number", …])

Takes fitted DecisionTree, ExtraTree, RandomForest, ExtraTrees, GradientBoosting and HistGradientBoosting regressors and
binary classifiers; of a Pipeline the last step, if nothing before it changes the features. Needs scikit-learn 1.3 or later.

The document, format "matsieve-trees" version 1:

    library, estimator   text for the card
    features             names, in the order of the columns; has_names says whether the estimator knew them
    classes              two names, the second is that of the probability; absent for regression
    input                "f32": values are rounded to single precision before they are compared (all but Hist…); "f64": as they are
    start                what the sum starts with
    trees                lists by node, root first: left, right (-1 in a leaf), feature, threshold (x <= threshold goes left),
                         missing_left (1: rows without a value go left), value (of leaves)
    divide               the sum of the leaves, in the order of the trees, is divided by this
    link, slope          then "identity", "sigmoid" (1 / (1 + exp(-slope x))) or "exp"

Forests of scikit-learn add up in the order in which their threads finish: only with n_jobs=1 do they agree with
themselves to the last bit.
"""

import json
import sys

import numpy as np
import sklearn

LARGEST = np.finfo(np.float64).max


def export(estimator, path, features=None):
    """Writes `estimator` to `path`; `features` are the names of its columns, where it was fitted without."""
    with open(path, "w", encoding="utf-8") as file:
        json.dump(document(estimator, features), file, allow_nan=False)


def document(estimator, features=None):
    if hasattr(estimator, "steps"):
        for name, step in estimator.steps[:-1]:
            if step not in (None, "passthrough"):
                raise SystemExit(f"step {name!r} of the pipeline changes the features: transform the table, or fit without it")
        estimator = estimator.steps[-1][1]
    kind = type(estimator).__name__
    readers = {
        "DecisionTree": decision_tree, "ExtraTree": decision_tree, "RandomForest": forest, "ExtraTrees": forest,
        "GradientBoosting": boosting, "HistGradientBoosting": histogram_boosting,
    }
    family = kind.removesuffix("Regressor").removesuffix("Classifier")
    if family not in readers:
        raise SystemExit(f"{kind} is not exported; {', '.join(readers)} are, regressors and classifiers")
    if getattr(estimator, "n_outputs_", 1) != 1:
        raise SystemExit(f"{estimator.n_outputs_} outputs: fit one model for each")
    classes = [str(name) for name in estimator.classes_] if hasattr(estimator, "classes_") else None
    if classes is not None and len(classes) != 2:
        raise SystemExit(f"{len(classes)} classes: fit one model for each class against the others")
    known = getattr(estimator, "feature_names_in_", None)
    names = features if features is not None else known
    if names is None:
        names = [f"x{number}" for number in range(estimator.n_features_in_)]
    if len(names) != estimator.n_features_in_:
        raise SystemExit(f"{len(names)} names for {estimator.n_features_in_} features")
    made = dict(format="matsieve-trees", version=1, library=f"scikit-learn {sklearn.__version__}", estimator=kind,
                features=[str(name) for name in names], has_names=features is not None or known is not None)
    if classes is not None:
        made["classes"] = classes
    return made | readers[family](estimator, classes is not None)


def bounded(thresholds):
    """Thresholds are infinite where a split only tells missing values from others; infinite values are refused anyway."""
    return np.clip(thresholds, -LARGEST, LARGEST)


def tree(fitted, values):
    """One tree of the Cython kind, with these values of its nodes."""
    nodes = fitted.__getstate__()["nodes"]
    missing = nodes["missing_go_to_left"] if "missing_go_to_left" in nodes.dtype.names else np.zeros(len(nodes))
    return dict(left=nodes["left_child"].tolist(), right=nodes["right_child"].tolist(), feature=nodes["feature"].tolist(),
                threshold=bounded(nodes["threshold"]).tolist(), missing_left=missing.astype(int).tolist(), value=values.tolist())


def leaf_values(fitted, is_classifier):
    if not is_classifier:
        return fitted.value[:, 0, 0]
    shares = fitted.value[:, 0, :]
    if np.abs(shares.sum(axis=1) - 1).max() > 1e-6:
        raise SystemExit(f"nodes hold numbers of rows, not shares: written by scikit-learn {sklearn.__version__} or older; fit "
                         "with 1.3 or later")
    return shares[:, 1]


def decision_tree(estimator, is_classifier):
    trees = [tree(estimator.tree_, leaf_values(estimator.tree_, is_classifier))]
    return dict(input="f32", start=0.0, divide=1, link="identity", trees=trees)


def forest(estimator, is_classifier):
    trees = [tree(one.tree_, leaf_values(one.tree_, is_classifier)) for one in estimator.estimators_]
    return dict(input="f32", start=0.0, divide=len(trees), link="identity", trees=trees)


def boosting(estimator, is_classifier):
    start = 0.0
    if not (isinstance(estimator.init_, str) and estimator.init_ == "zero"):
        if type(estimator.init_).__name__ not in ("DummyRegressor", "DummyClassifier"):
            raise SystemExit(f"it starts with a {type(estimator.init_).__name__}: fit with init=None or init='zero'")
        start = float(estimator._raw_predict_init(np.zeros((1, estimator.n_features_in_), dtype=np.float32))[0, 0])
    trees = [tree(one.tree_, estimator.learning_rate * one.tree_.value[:, 0, 0]) for one in estimator.estimators_[:, 0]]
    link = dict(link="identity")
    if is_classifier:
        link = dict(link="sigmoid", slope=2.0 if estimator.loss == "exponential" else 1.0)
    return dict(input="f32", start=start, divide=1, trees=trees) | link


def histogram_boosting(estimator, is_classifier):
    if estimator.is_categorical_ is not None and np.any(estimator.is_categorical_):
        raise SystemExit("categorical features are not exported: one-hot encode them and fit again")
    trees = []
    for (one,) in estimator._predictors:
        nodes = one.nodes
        is_leaf = nodes["is_leaf"].astype(bool)
        left = np.where(is_leaf, -1, nodes["left"].astype(np.int64))
        right = np.where(is_leaf, -1, nodes["right"].astype(np.int64))
        threshold = np.where(is_leaf, 0.0, bounded(nodes["num_threshold"]))
        trees.append(dict(left=left.tolist(), right=right.tolist(),
                          feature=np.where(is_leaf, -1, nodes["feature_idx"].astype(np.int64)).tolist(),
                          threshold=threshold.tolist(), missing_left=nodes["missing_go_to_left"].astype(int).tolist(),
                          value=nodes["value"].tolist()))
    link = "sigmoid" if is_classifier else {"LogLink": "exp"}.get(type(estimator._loss.link).__name__, "identity")
    return dict(input="f64", start=float(estimator._baseline_prediction[0, 0]), divide=1, link=link, trees=trees)


def main():
    if len(sys.argv) != 3:
        raise SystemExit(__doc__)
    import joblib

    export(joblib.load(sys.argv[1]), sys.argv[2])


if __name__ == "__main__":
    main()
