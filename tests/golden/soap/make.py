"""Writes structures.txt, and what DScribe 2.1.2 gives for them: soap-<set>.txt and acsf-<set>.txt.

    pip install dscribe==2.1.2 ase==3.29.0
    python tests/golden/soap/make.py
"""

import json
import math
import pathlib
import random
from importlib.metadata import version

import numpy as np
from ase import Atoms
from ase.data import atomic_numbers
from dscribe.descriptors import ACSF, SOAP

HERE = pathlib.Path(__file__).resolve().parent
LIMIT = 200 * 1024
PINNED = {"dscribe": "2.1.2", "ase": "3.29.0"}
SPECIES = ["H", "C", "O", "Na", "Mg", "Al", "Si", "S", "Cl", "Ti", "Zn", "Sr", "Cs"]

# Name, kind, parameters as a plan gives them.
SETS = [
    ("soap", "default", {}),
    ("soap", "inner", {"r_cut": 4.5, "n_max": 5, "l_max": 9, "sigma": 0.8, "average": "inner"}),
    ("soap", "high-degree", {"r_cut": 5.0, "n_max": 2, "l_max": 20, "sigma": 0.5}),
    ("soap", "one-function", {"r_cut": 3.0, "n_max": 1, "l_max": 0, "sigma": 1.0}),
    ("soap", "off", {"compression": "off", "species": SPECIES, "r_cut": 5.0, "n_max": 3, "l_max": 3}),
    (
        "soap",
        "off-inner",
        {"compression": "off", "species": SPECIES, "r_cut": 4.0, "n_max": 4, "l_max": 1, "average": "inner"},
    ),
    (
        "acsf",
        "all",
        {
            "species": SPECIES,
            "r_cut": 5.0,
            "g2_params": [[1.0, 0.0], [0.5, 2.0]],
            "g3_params": [1.0, 2.5],
            "g4_params": [[0.01, 1.0, 1.0], [0.01, 4.0, -1.0], [0.1, 3.0, 0.5]],
            "g5_params": [[0.02, 2.0, -1.0], [0.1, 1.5, 1.0]],
            "statistics": ["mean", "std_dev"],
        },
    ),
    ("acsf", "g1", {"species": SPECIES, "r_cut": 6.0}),
]


def cell(lengths, angles=(90, 90, 90)):
    a, b, c = lengths
    alpha, beta, gamma = (math.radians(x) for x in angles)
    cx = math.cos(beta)
    cy = (math.cos(alpha) - math.cos(beta) * math.cos(gamma)) / math.sin(gamma)
    rows = [
        [a, 0, 0],
        [b * math.cos(gamma), b * math.sin(gamma), 0],
        [c * cx, c * cy, c * math.sqrt(1 - cx * cx - cy * cy)],
    ]
    return np.array(rows)


def fcc(a):
    return np.array([[0, a / 2, a / 2], [a / 2, 0, a / 2], [a / 2, a / 2, 0]])


def random_structure(seed, count, species, volume):
    """A skewed cell with atoms at least 1.1 Å apart."""
    rng = random.Random(seed)
    rows = cell([rng.uniform(0.8, 1.4) for _ in range(3)], [rng.uniform(55, 125) for _ in range(3)])
    rows *= (volume * count / abs(np.linalg.det(rows))) ** (1 / 3)
    atoms = Atoms(cell=rows, pbc=True)
    while len(atoms) < count:
        trial = atoms + Atoms(rng.choice(species), scaled_positions=[[rng.random() for _ in range(3)]], cell=rows)
        distances = trial.get_all_distances(mic=True)
        if len(trial) == 1 or distances[np.triu_indices(len(trial), 1)].min() > 1.1:
            atoms = trial
    return rows, list(zip(atoms.get_chemical_symbols(), atoms.get_scaled_positions(wrap=False).tolist()))


def structures():
    third = 1 / 3
    oxygen, u = 0.3053, 0.2083
    yield "Al", fcc(4.05), [("Al", [0, 0, 0])]
    yield "Cs", cell([6.14] * 3, [90] * 3), [("Cs", [0, 0, 0]), ("Cs", [0.5, 0.5, 0.5])]
    yield "Mg", cell([3.21, 3.21, 5.21], [90, 90, 120]), [("Mg", [third, 2 * third, 0.25]), ("Mg", [2 * third, third, 0.75])]
    yield "diamond", fcc(3.567), [("C", [0, 0, 0]), ("C", [0.25, 0.25, 0.25])]
    supercell = np.array([[3, 0, 1], [0, 1, 0], [0, 0, 1]])
    sites = np.array([[i + x, x, x] for i in range(3) for x in (0, 0.25)]) @ np.linalg.inv(supercell)
    yield "silicon, elongated", supercell @ fcc(5.43), [("Si", f) for f in sites.tolist()]
    yield "graphite", cell([2.46, 2.46, 6.71], [90, 90, 120]), [
        ("C", [0, 0, 0.25]), ("C", [0, 0, 0.75]), ("C", [third, 2 * third, 0.25]), ("C", [2 * third, third, 0.75])]
    halite = [[0, 0, 0], [0, 0.5, 0.5], [0.5, 0, 0.5], [0.5, 0.5, 0]]
    yield "NaCl", cell([5.64] * 3), [("Na", f) for f in halite] + [("Cl", [f[0] + 0.5, f[1], f[2]]) for f in halite]
    yield "MgO", fcc(4.21), [("Mg", [0, 0, 0]), ("O", [0.5, 0.5, 0.5])]
    yield "CsCl", cell([4.12] * 3), [("Cs", [0, 0, 0]), ("Cl", [0.5, 0.5, 0.5])]
    yield "zincblende", fcc(5.41), [("Zn", [0, 0, 0]), ("S", [0.25, 0.25, 0.25])]
    yield "wurtzite", cell([3.82, 3.82, 6.26], [90, 90, 120]), [
        ("Zn", [third, 2 * third, 0]), ("Zn", [2 * third, third, 0.5]),
        ("S", [third, 2 * third, 0.375]), ("S", [2 * third, third, 0.875])]
    yield "SrTiO3", cell([3.905] * 3), [
        ("Sr", [0, 0, 0]), ("Ti", [0.5, 0.5, 0.5]), ("O", [0.5, 0.5, 0]), ("O", [0.5, 0, 0.5]), ("O", [0, 0.5, 0.5])]
    yield "rutile", cell([4.594, 4.594, 2.959]), [
        ("Ti", [0, 0, 0]), ("Ti", [0.5, 0.5, 0.5]), ("O", [oxygen, oxygen, 0]), ("O", [-oxygen, -oxygen, 0]),
        ("O", [0.5 - oxygen, 0.5 + oxygen, 0.5]), ("O", [0.5 + oxygen, 0.5 - oxygen, 0.5])]
    centred = lambda sites: [(s, [f[0] + d, f[1] + d, f[2] + d]) for s, f in sites for d in (0, 0.5)]  # noqa: E731
    yield "anatase", cell([3.784, 3.784, 9.515]), centred([
        ("Ti", [0, 0, 0]), ("Ti", [0, 0.5, 0.25]),
        *(("O", [0, y, z]) for y, z in [(0, u), (0, -u), (0.5, 0.25 + u), (0.5, 0.25 - u)])])
    sites = [[sign * x for x in f] for sign in (1, -1) for f in ([0.556, -0.056, 0.25], [0.25, 0.556, -0.056], [-0.056, 0.25, 0.556])]
    yield "corundum, in a rhombohedral cell", cell([5.13] * 3, [55.3] * 3), [
        *(("Al", [x] * 3) for x in (0.352, 0.648, 0.852, 0.148)), *(("O", f) for f in sites)]
    yield "spinel", fcc(8.08), [
        ("Mg", [0.125] * 3), ("Mg", [0.875] * 3),
        *(("Al", f) for f in ([0.5, 0.5, 0.5], [0.5, 0.5, 0], [0.5, 0, 0.5], [0, 0.5, 0.5])),
        *(("O", [sign * x for x in f]) for sign in (1, -1)
          for f in ([0.2624, 0.2624, 0.2624], [0.2624, 0.2624, 0.7128], [0.2624, 0.7128, 0.2624], [0.7128, 0.2624, 0.2624]))]
    yield "quartz", cell([4.913, 4.913, 5.405], [90, 90, 120]), [
        ("Si", [0.4697, 0, 0]), ("Si", [0, 0.4697, 2 * third]), ("Si", [0.5303, 0.5303, third]),
        ("O", [0.4135, 0.2669, 0.1191]), ("O", [0.7331, 0.1466, 0.4524]), ("O", [0.8534, 0.5865, 0.7858]),
        ("O", [0.2669, 0.4135, 0.5476]), ("O", [0.1466, 0.7331, 0.8809]), ("O", [0.5865, 0.8534, 0.2142])]
    yield "H2 in a box", cell([9.0, 9.5, 10.0]), [("H", [0.46, 0.5, 0.5]), ("H", [0.5422, 0.5, 0.5])]
    yield "one atom alone", cell([16.0, 16.0, 16.0]), [("Na", [0.1, 0.2, 0.3])]
    yield "left-handed and out of the cell", np.array([[0, 3.2, 0.1], [4.0, 0.2, 0], [0.5, 0, 5.1]]), [
        ("Ti", [1.3, -2.7, 0.1]), ("S", [0.8, 0.3, -3.4]), ("Cl", [-0.1, 4.9, 0.55])]
    yield "thin", np.array([[2.6, 0, 0], [7.1, 2.5, 0], [-9.3, 4.4, 2.9]]), [("Al", [0, 0, 0])]
    for seed, count, species, volume in [
        (1, 3, ["Na", "S"], 25), (2, 7, ["Ti", "O", "H"], 12), (3, 12, ["Mg", "Si", "O", "Al"], 13),
        (4, 20, ["Zn", "O", "Cl"], 18), (5, 31, ["C", "H", "O"], 9), (6, 40, ["Sr", "Ti", "O", "S", "Cs"], 15)]:
        yield f"random {seed}", *random_structure(seed, count, species, volume)


def row(kind, parameters, atoms):
    given = dict(parameters)
    if kind == "soap":
        species = given.pop("species", sorted(set(atoms.get_chemical_symbols()), key=atomic_numbers.get))
        settings = {"r_cut": 6.0, "n_max": 8, "l_max": 6, "sigma": 0.4, "average": "outer"}
        compression = {"mode": given.pop("compression", "mu2"), "species_weighting": None}
        return SOAP(**(settings | given), species=species, compression=compression, periodic=True).create(atoms)
    statistics = {"mean": np.mean, "std_dev": np.std}
    chosen = [statistics[name] for name in given.pop("statistics", ["mean"])]
    sites = ACSF(**given, periodic=True).create(atoms)
    # DScribe takes a root of 1 + cos of opposite neighbours, which rounding may make negative: not a number.
    return np.stack([statistic(sites, axis=0) for statistic in chosen], axis=1).ravel()


def main():
    for package, pinned in PINNED.items():
        assert version(package) == pinned, f"{package} {version(package)}, expected {pinned}"
    lines, inputs = [], []
    for name, rows, sites in structures():
        lines.append(f"# {name}")
        lines.append(" ".join(repr(float(x)) for x in np.asarray(rows).ravel()))
        lines += [symbol + " " + " ".join(repr(float(x)) for x in frac) for symbol, frac in sites]
        symbols, fracs = zip(*sites)
        # Wrapped: DScribe repeats the cell as often as an atom inside it needs, and misses neighbours of one outside.
        inputs.append(Atoms(symbols, scaled_positions=np.array(fracs, float) % 1.0, cell=rows, pbc=True))
    for kind, name, parameters in SETS:
        table = [json.dumps(parameters)]
        for atoms in inputs:
            values = row(kind, parameters, atoms)
            fields = [f"{place}:{value:.9e}" for place, value in enumerate(values) if value != 0.0]
            table.append(" ".join([str(len(values)), *fields]))
        path = HERE / f"{kind}-{name}.txt"
        path.write_text("\n".join(table) + "\n")
        print(path.name, path.stat().st_size)
        assert path.stat().st_size <= LIMIT, f"{path.name} is larger than {LIMIT} bytes"


main()
