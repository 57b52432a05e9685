"""Writes what pymatgen's LocalStructOrderParams gives for each motif of matminer and each shell of neighbours.

    pip install matminer==0.10.1 pymatgen-core==2026.10.16
    python tests/golden/order_parameters/make.py

Shells: ideal motifs, turned at random, without and with displacements of 0.02 to 0.4 Å, and random directions.
"""

import itertools
import math
import pathlib
import warnings
from importlib.metadata import version

warnings.simplefilter("ignore")

import numpy as np  # noqa: E402
from matminer.featurizers.site import OPSiteFingerprint  # noqa: E402
from pymatgen.core import Site  # noqa: E402

HERE = pathlib.Path(__file__).resolve().parent
PINNED = {"matminer": "0.10.1", "pymatgen-core": "2026.10.16"}


def ring(n, z=0.0, start=0.0):
    return [[math.cos(start + 2 * math.pi * i / n), math.sin(start + 2 * math.pi * i / n), z] for i in range(n)]


TOP, BOTTOM = [[0, 0, 1]], [[0, 0, -1]]
CUBE = [list(p) for p in itertools.product((-1, 1), repeat=3)]
FCC = [list(p) for p in itertools.product((-1, 0, 1), repeat=3) if sum(map(abs, p)) == 2]
HCP = ring(6) + ring(3, math.sqrt(2), math.pi / 6) + ring(3, -math.sqrt(2), math.pi / 6)
GOLDEN = (1 + math.sqrt(5)) / 2
ICOSAHEDRON = [q for a in (-1, 1) for b in (-GOLDEN, GOLDEN) for q in ([0, a, b], [a, b, 0], [b, 0, a])]
TETRAHEDRON = [[1, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1]]
IDEAL = [
    TOP, TOP + [[1, 0, 0]], TOP + [[math.sin(math.radians(104.45)), 0, math.cos(math.radians(104.45))]], TOP + BOTTOM,
    ring(3), TETRAHEDRON[:3], TOP + BOTTOM + [[1, 0, 0]], ring(4), TETRAHEDRON, TOP + BOTTOM + [[1, 0, 0], [0, 1, 0]],
    TOP + BOTTOM + ring(3)[:2], TOP + ring(3), ring(5), TOP + ring(4), TOP + BOTTOM + ring(3), ring(6), TOP + BOTTOM + ring(4),
    TOP + ring(5), ring(3, 0.7) + ring(3, -0.7), TOP + ring(6), TOP + BOTTOM + ring(5), CUBE, TOP + BOTTOM + ring(6),
    ring(4, 0.6) + ring(4, -0.6, math.pi / 4), TOP + ring(4, 0.4) + ring(4, -0.5, math.pi / 4), ring(3) + ring(3, 0.8, 1) + ring(3, -0.8, 1),
    TOP + BOTTOM + ring(4, 0.5) + ring(4, -0.5, 0.8), ICOSAHEDRON[:11], FCC, HCP, ICOSAHEDRON,
]


def shells():
    rng = np.random.default_rng(7)
    for ideal in IDEAL:
        points = np.array(ideal, float)
        points *= 2.1 / np.linalg.norm(points, axis=1, keepdims=True)
        turn, _ = np.linalg.qr(rng.normal(size=(3, 3)))
        for noise in (0.0, 0.02, 0.1, 0.4):
            yield (points + rng.normal(scale=noise, size=points.shape) if noise else points) @ turn
    for n in range(1, 13):
        for _ in range(4):
            points = rng.normal(size=(n, 3))
            yield points / np.linalg.norm(points, axis=1, keepdims=True) * rng.uniform(1.5, 3.5, size=(n, 1))


def main():
    for package, pinned in PINNED.items():
        assert version(package) == pinned, f"{package} is {version(package)}, expected {pinned}"
    featurizer = OPSiteFingerprint()
    parameters = [op for ops in featurizer.ops.values() for op in ops]
    vectors, values = [], [",".join(featurizer.feature_labels())]
    for shell in shells():
        # What is tested is what was written: coordinates with ten decimals.
        shell = [[float(f"{x:.10f}") for x in point] for point in shell]
        sites = [Site("H", point) for point in [[0, 0, 0], *shell]]
        row = [op.get_order_parameters(sites, 0, list(range(1, len(sites))))[0] for op in parameters]
        vectors.append(",".join(f"{x:.10f}" for point in shell for x in point))
        values.append(",".join("" if value is None else f"{value:.12g}" for value in row))
    (HERE / "shells.csv").write_text("\n".join(vectors) + "\n", newline="\n")
    (HERE / "values.csv").write_text("\n".join(values) + "\n", newline="\n")


main()
