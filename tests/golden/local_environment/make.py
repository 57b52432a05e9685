"""Writes structures.json and what matminer 0.10.1 gives for them: crystal_nn_fingerprint, op_site_fingerprint, dimensionality.

    pip install matminer==0.10.1 pymatgen-core==2026.10.16
    python tests/golden/local_environment/make.py

Prototypes with parameters of textbooks (rounded, since nothing depends on them), some with oxidation states, sheared and
displaced cells, and random cells by seed.
"""

import json
import pathlib
import warnings
from importlib.metadata import version

warnings.simplefilter("ignore")

import numpy as np  # noqa: E402
from matminer.featurizers.structure import Dimensionality, SiteStatsFingerprint  # noqa: E402
from pymatgen.core import Lattice, Structure  # noqa: E402

HERE = pathlib.Path(__file__).resolve().parent
PINNED = {"matminer": "0.10.1", "pymatgen-core": "2026.10.16"}
CUBIC = Lattice.cubic


def group(symbol, lattice, species, coords, primitive=False):
    structure = Structure.from_spacegroup(symbol, lattice, species, coords)
    return structure.get_primitive_structure() if primitive else structure


def charged(structure, **states):
    return structure.copy().add_oxidation_state_by_element(states)


def displaced(structure, amplitude, seed):
    rng = np.random.default_rng(seed)
    coords = structure.cart_coords + rng.normal(scale=amplitude, size=(len(structure), 3))
    strain = np.eye(3) + rng.normal(scale=0.02, size=(3, 3))
    return Structure(structure.lattice.matrix @ strain, structure.species, structure.lattice.get_fractional_coords(coords))


def random_cell(elements, seed):
    """Atoms of a triclinic cell, each at least 1.9 Å from the others."""
    rng = np.random.default_rng(seed)
    lattice = Lattice.from_parameters(*(rng.uniform(0.85, 1.15, 3) * (16 * len(elements)) ** (1 / 3)), *rng.uniform(75, 105, 3))
    structure = Structure(lattice, [], [])
    for element in elements:
        while True:
            frac = rng.uniform(size=3)
            trial = structure.copy()
            trial.append(element, frac)
            if trial.is_valid(1.9):
                structure = trial
                break
    return structure


def structures():
    nacl = group("Fm-3m", CUBIC(5.64), ["Na", "Cl"], [[0, 0, 0], [0.5, 0.5, 0.5]])
    perovskite = group("Pm-3m", CUBIC(3.905), ["Sr", "Ti", "O"], [[0, 0, 0], [0.5, 0.5, 0.5], [0.5, 0.5, 0]])
    fluorite = group("Fm-3m", CUBIC(5.46), ["Ca", "F"], [[0, 0, 0], [0.25, 0.25, 0.25]])
    rutile = group("P4_2/mnm", Lattice.tetragonal(4.594, 2.959), ["Ti", "O"], [[0, 0, 0], [0.305, 0.305, 0]])
    spinel = group("Fd-3m", CUBIC(8.08), ["Mg", "Al", "O"], [[0, 0, 0], [0.625, 0.625, 0.625], [0.3874, 0.3874, 0.3874]], True)
    hexagonal = Lattice.hexagonal
    yield "po", Structure(CUBIC(3.36), ["Po"], [[0, 0, 0]])
    yield "fe", group("Im-3m", CUBIC(2.87), ["Fe"], [[0, 0, 0]])
    yield "cu", group("Fm-3m", CUBIC(3.61), ["Cu"], [[0, 0, 0]], True)
    yield "mg", group("P6_3/mmc", hexagonal(3.21, 5.21), ["Mg"], [[1 / 3, 2 / 3, 0.25]])
    yield "diamond", group("Fd-3m", CUBIC(3.567), ["C"], [[0, 0, 0]], True)
    yield "graphite", group("P6_3/mmc", hexagonal(2.46, 6.71), ["C", "C"], [[0, 0, 0.25], [1 / 3, 2 / 3, 0.25]])
    yield "ar", group("Fm-3m", CUBIC(5.31), ["Ar"], [[0, 0, 0]], True)
    yield "nacl", nacl
    yield "nacl_ions", charged(nacl, Na=1, Cl=-1)
    yield "nacl_displaced", displaced(nacl, 0.08, 1)
    yield "cscl", group("Pm-3m", CUBIC(4.12), ["Cs", "Cl"], [[0, 0, 0], [0.5, 0.5, 0.5]])
    yield "zincblende", group("F-43m", CUBIC(5.41), ["Zn", "S"], [[0, 0, 0], [0.25, 0.25, 0.25]])
    yield "wurtzite", group("P6_3mc", hexagonal(3.82, 6.26), ["Zn", "S"], [[1 / 3, 2 / 3, 0], [1 / 3, 2 / 3, 0.375]])
    yield "nias", group("P6_3/mmc", hexagonal(3.61, 5.03), ["Ni", "As"], [[0, 0, 0], [1 / 3, 2 / 3, 0.25]])
    yield "fluorite", fluorite
    yield "fluorite_ions", charged(fluorite, Ca=2, F=-1)
    yield "fluorite_displaced", displaced(fluorite, 0.05, 2)
    yield "rutile", rutile
    yield "rutile_ions", charged(rutile, Ti=4, O=-2)
    yield "anatase", group("I4_1/amd", Lattice.tetragonal(3.785, 9.514), ["Ti", "O"], [[0, 0, 0], [0, 0, 0.2081]])
    yield "perovskite", perovskite
    yield "perovskite_ions", charged(perovskite, Sr=2, Ti=4, O=-2)
    yield "perovskite_displaced", displaced(perovskite, 0.1, 3)
    yield "spinel", spinel
    yield "magnetite", charged(group("Fd-3m", CUBIC(8.39), ["Fe", "Fe", "O"], [[0, 0, 0], [0.625, 0.625, 0.625], [0.3799, 0.3799, 0.3799]], True), Fe=8 / 3, O=-2)
    yield "corundum", group("R-3c", hexagonal(4.76, 12.99), ["Al", "O"], [[0, 0, 0.352], [0.306, 0, 0.25]])
    yield "quartz", group("P3_221", hexagonal(4.91, 5.40), ["Si", "O"], [[0.47, 0, 2 / 3], [0.413, 0.267, 0.786]])
    yield "mos2", group("P6_3/mmc", hexagonal(3.16, 12.3), ["Mo", "S"], [[1 / 3, 2 / 3, 0.25], [1 / 3, 2 / 3, 0.621]])
    yield "cdi2", group("P-3m1", hexagonal(4.24, 6.84), ["Cd", "I"], [[0, 0, 0], [1 / 3, 2 / 3, 0.249]])
    yield "selenium", group("P3_121", hexagonal(4.37, 4.95), ["Se"], [[0.225, 0, 1 / 3]])
    yield "iodine", group("Cmce", Lattice.orthorhombic(7.18, 4.71, 9.81), ["I"], [[0, 0.154, 0.117]])
    yield "calcite", group("R-3c", hexagonal(4.99, 17.06), ["Ca", "C", "O"], [[0, 0, 0], [0, 0, 0.25], [0.257, 0, 0.25]])
    yield "graphene_slab", Structure(hexagonal(2.46, 18), ["C", "C"], [[1 / 3, 2 / 3, 0.5], [2 / 3, 1 / 3, 0.5]])
    yield "sheared", Structure([[5.64, 0, 0], [5.64, 5.64, 0], [0, 11.28, 5.64]], nacl.species, np.linalg.solve(np.array([[1, 0, 0], [1, 1, 0], [0, 2, 1]]).T, nacl.frac_coords.T).T)
    for seed, elements in enumerate([["Fe", "O"], ["La", "Ni", "Al", "Al"], ["Li", "Co", "O", "O", "P"], ["K", "Bi", "Se"] * 3, ["Ba", "Ti", "O", "N", "O"] * 4, ["Xe", "F", "F", "H"]]):
        yield f"random_{seed}", random_cell(elements, seed)


def plain(structure):
    sites = []
    for site in structure:
        state = getattr(site.specie, "oxi_state", None)
        sites.append([getattr(site.specie, "element", site.specie).symbol, state, *(float(f"{x:.12f}") for x in site.frac_coords)])
    return {"lattice": [[float(f"{x:.12f}") for x in row] for row in structure.lattice.matrix], "sites": sites}


def rebuilt(document):
    """What is featurized is what was written."""
    species = [f"{symbol}" for symbol, *_ in document["sites"]]
    structure = Structure(document["lattice"], species, [site[2:] for site in document["sites"]])
    states = [site[1] for site in document["sites"]]
    return structure.add_oxidation_state_by_site(states) if None not in states else structure


FEATURIZERS = {
    "crystal_nn_fingerprint": SiteStatsFingerprint.from_preset("CrystalNNFingerprint_ops"),
    "op_site_fingerprint": SiteStatsFingerprint.from_preset("OPSiteFingerprint"),
    "dimensionality": Dimensionality(),
}


def main():
    for package, pinned in PINNED.items():
        assert version(package) == pinned, f"{package} is {version(package)}, expected {pinned}"
    documents = {name: plain(structure) for name, structure in structures()}
    lines = ",\n".join(f"{json.dumps(name)}: {json.dumps(document)}" for name, document in documents.items())
    (HERE / "structures.json").write_text("{\n" + lines + "\n}\n", newline="\n")
    for name, featurizer in FEATURIZERS.items():
        rows = [",".join(featurizer.feature_labels())]
        for document in documents.values():
            rows.append(",".join(f"{value:.10g}" for value in featurizer.featurize(rebuilt(document))))
        (HERE / f"{name}.csv").write_text("\n".join(rows) + "\n", newline="\n")


if __name__ == "__main__":
    main()
