"""Small ONNX networks and what the library that trained them and ONNX Runtime predict.

    python tests/golden/onnx/make.py        # versions: tests/golden/requirements.txt

Data are synthetic. Each case is `<name>.onnx` and `<name>.json`: rows, `library` (scikit-learn's prediction, or NumPy's for the graph
written by hand) and `runtime` (ONNX Runtime's, row by row), printed so that they are read back to the last bit.
"""

import json
import pathlib

import numpy as np
import onnx
import onnxruntime
from skl2onnx import to_onnx
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

HERE = pathlib.Path(__file__).resolve().parent
random = np.random.default_rng(20261128)
X = (random.normal(size=(400, 6)) * [1, 1e-2, 100, 1, 1, 10]).astype(np.float32)
Y = np.sin(2 * X[:, 0]) + 50 * np.abs(X[:, 1]) + X[:, 2] / 100 * (X[:, 3] > 0) + 0.1 * X[:, 5]
ROWS = X[:40]


def write(name, model, library, output, column, feeds=lambda row: {"X": row}):
    (HERE / f"{name}.onnx").write_bytes(model.SerializeToString())
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    runtime = [float(np.ravel(session.run([output], feeds(row[None, :]))[0])[column]) for row in ROWS]
    case = {"rows": ROWS.astype(float).tolist(), "library": [float(x) for x in library], "runtime": runtime}
    (HERE / f"{name}.json").write_text(json.dumps(case) + "\n")
    worst = np.max(np.abs(np.array(runtime) - library)) / np.max(np.abs(library))
    print(f"{name}: library and runtime differ by {worst:.1e} of the largest prediction")


def scaled(network):
    return make_pipeline(StandardScaler(), network)


sizes = {"hidden_layer_sizes": (16, 8), "max_iter": 300, "random_state": 0}
one = scaled(MLPRegressor(**sizes)).fit(X, Y)
write("regression", to_onnx(one, X[:1], target_opset=17), one.predict(ROWS), "variable", 0)

two = scaled(MLPRegressor(**sizes)).fit(X, np.column_stack([Y, -2 * Y]))
write("two-targets", to_onnx(two, X[:1], target_opset=17), two.predict(ROWS)[:, 1], "variable", 1)

binary = scaled(MLPClassifier(**sizes)).fit(X, (np.median(Y) < Y).astype(int))
model = to_onnx(binary, X[:1], options={"zipmap": False}, target_opset=17)
write("binary", model, binary.predict_proba(ROWS)[:, 1], "probabilities", 1)
# What skl2onnx writes by default: probabilities as a sequence of maps.
(HERE / "binary-zipmap.onnx").write_bytes(to_onnx(binary, X[:1], target_opset=17).SerializeToString())

# Double precision, one input for each feature, named after columns of magpie: tanh(x · w) · v + 1.
names = ["MagpieData mean Number", "MagpieData range Electronegativity"]
W, V = random.normal(size=(2, 4)) / [[20], [1]], random.normal(size=(4, 1))
node, tensor = onnx.helper.make_node, onnx.numpy_helper.from_array
graph = onnx.helper.make_graph(
    [
        node("Concat", names, ["x"], axis=1),
        node("MatMul", ["x", "w"], ["h"]),
        node("Tanh", ["h"], ["t"]),
        node("Gemm", ["t", "v", "b"], ["y"]),
    ],
    "by hand",
    [onnx.helper.make_tensor_value_info(name, onnx.TensorProto.DOUBLE, ["rows", 1]) for name in names],
    [onnx.helper.make_tensor_value_info("y", onnx.TensorProto.DOUBLE, ["rows", 1])],
    [tensor(W, "w"), tensor(V, "v"), tensor(np.array([1.0]), "b")],
)
model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)], ir_version=8)
onnx.checker.check_model(model)
pairs = ROWS[:, [2, 5]].astype(float)
library = np.tanh(pairs @ W) @ V + 1
ROWS = pairs
feeds = lambda row: {name: row[:, [place]] for place, name in enumerate(names)}  # noqa: E731
write("columns", model, library[:, 0], "y", 0, feeds)

# The same as one matrix in single precision, the names in the metadata.
graph = onnx.helper.make_graph(
    [
        node("MatMul", ["x", "w"], ["h"]),
        node("Tanh", ["h"], ["t"]),
        node("Gemm", ["t", "v", "b"], ["y"]),
    ],
    "named",
    [onnx.helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, ["rows", 2])],
    [onnx.helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, ["rows", 1])],
    [tensor(W.astype("f"), "w"), tensor(V.astype("f"), "v"), tensor(np.array([1.0], "f"), "b")],
)
model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)], ir_version=8)
onnx.helper.set_model_props(model, {"feature_names": json.dumps(names)})
ROWS = pairs.astype(np.float32)
write("named", model, library[:, 0], "y", 0, lambda row: {"x": row})
