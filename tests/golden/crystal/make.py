"""Writes what matminer 0.10.1 gives for each structure of ../structures/structures.json, one file a descriptor.

    pip install matminer==0.10.1 pymatgen-core==2026.10.16
    python tests/golden/crystal/make.py [DESCRIPTOR...]
"""

import json
import math
import pathlib
import sys
import warnings
from importlib.metadata import version

warnings.simplefilter("ignore")

import numpy as np  # noqa: E402
from matminer.featurizers import site as sites  # noqa: E402
from matminer.featurizers import structure as mm  # noqa: E402
from matminer.featurizers.structure.sites import SiteStatsFingerprint  # noqa: E402
from pymatgen.core import Lattice, Species, Structure  # noqa: E402
from pymatgen.symmetry.analyzer import SpacegroupAnalyzer  # noqa: E402

HERE = pathlib.Path(__file__).resolve().parent
PINNED = {"matminer": "0.10.1", "pymatgen-core": "2026.10.16"}
MAX_ATOMS = 56
SPECIES = ["Na", "Ti", "O"]


def structures():
    for record in json.loads((HERE.parent / "structures" / "structures.json").read_text()):
        occupants = [
            {
                o["element"] if o["oxidation"] is None else Species(o["element"], o["oxidation"]): o["occupancy"]
                for o in s["occupants"]
            }
            for s in record["sites"]
        ]
        yield record["name"], Structure(Lattice(record["lattice"]), occupants, [s["frac"] for s in record["sites"]])


def plain(featurizer):
    return featurizer.feature_labels(), featurizer.featurize


def statistics(featurizer):
    return plain(SiteStatsFingerprint(featurizer, stats=("mean", "std_dev")))


def density(all_or_nothing):
    featurizer = mm.DensityFeatures()
    parts = [mm.DensityFeatures([name]) for name in featurizer.features]

    def featurize(structure):
        if not structure.is_ordered:
            return None
        if all_or_nothing:
            try:
                return featurizer.featurize(structure)
            except TypeError:  # an element without atomic radius
                return [math.nan] * 3
        row = []
        for part in parts:
            try:
                row += part.featurize(structure)
            except TypeError:
                row.append(math.nan)
        return row

    return featurizer.feature_labels(), featurize


def symmetry(of_given_cell):
    labels = ["spacegroup_num", "crystal_system_int", "is_centrosymmetric", "n_symmetry_ops"]
    featurizer = mm.GlobalSymmetryFeatures(labels)

    def featurize(structure):
        row = [float(x) for x in featurizer.featurize(structure)]
        if not of_given_cell:
            primitive = SpacegroupAnalyzer(structure).get_primitive_standard_structure()
            row[3] = float(len(SpacegroupAnalyzer(primitive).get_symmetry_operations()))
        return row

    return labels, featurize


def ewald_energy():
    featurizer = mm.EwaldEnergy()

    def featurize(structure):
        structure = structure.copy()
        if not all(hasattr(s, "oxi_state") and s.oxi_state is not None for s in structure.composition):
            structure.add_oxidation_state_by_guess(max_sites=-50)
        return featurizer.featurize(structure)

    return featurizer.feature_labels(), featurize


def xrd():
    """The strongest peak counts 100, not 99 where 100 x / x rounds to less than 100 (named in README.md)."""
    featurizer = mm.XRDPowderPattern()
    get_pattern = featurizer.xrd_calc.get_pattern

    def rounded(structure, **keywords):
        pattern = get_pattern(structure, **keywords)
        if int(pattern.y.max()) < 100:
            print("strongest peak counted 99:", structure.composition.reduced_formula, len(structure))
        pattern.y = np.round(pattern.y, 9)
        return pattern

    featurizer.xrd_calc.get_pattern = rounded

    def featurize(structure):
        try:
            return featurizer.featurize(structure)
        except np.linalg.LinAlgError:  # one peak
            return [math.nan] * 128

    return featurizer.feature_labels(), featurize


def matrix(kind):
    """Eigenvalues in descending order."""
    featurizer = kind()
    featurizer._max_eigs = MAX_ATOMS

    def featurize(structure):
        n = len(structure)
        row = np.real(featurizer.featurize(structure))
        return [*sorted(row[:n], reverse=True), *row[n:]]

    return featurizer.feature_labels(), featurize


def rdf(divided):
    featurizer = mm.RadialDistributionFunction()
    return featurizer.feature_labels(), lambda s: featurizer.featurize(s) / (len(s) if divided else 1)


def partial_rdf():
    featurizer = mm.PartialRadialDistributionFunction(include_elems=SPECIES).fit([])
    return plain(featurizer)


def orbital_field_matrix(period_tag):
    """NaN beyond Pu, where matminer raises KeyError."""
    featurizer = mm.OrbitalFieldMatrix(period_tag=period_tag)

    def featurize(structure):
        if any(site.specie.Z > 94 for site in structure):
            return [math.nan] * featurizer.size**2
        return featurizer.featurize(structure)

    return featurizer.feature_labels(), featurize


ANY = {"symmetry", "symmetry_matminer", "structural_complexity", "ewald_energy", "xrd"}
BUILD = {
    "density": lambda: density(False),
    "density_matminer": lambda: density(True),
    "symmetry": lambda: symmetry(False),
    "symmetry_matminer": lambda: symmetry(True),
    "structural_complexity": lambda: plain(mm.StructuralComplexity()),
    "ewald_energy": ewald_energy,
    "xrd": xrd,
    "sine_matrix": lambda: matrix(mm.SineCoulombMatrix),
    "coulomb_matrix": lambda: matrix(mm.CoulombMatrix),
    "rdf": lambda: rdf(True),
    "rdf_matminer": lambda: rdf(False),
    "partial_rdf": partial_rdf,
    "orbital_field_matrix": lambda: orbital_field_matrix(False),
    "orbital_field_matrix-period": lambda: orbital_field_matrix(True),
    "agni": lambda: statistics(sites.AGNIFingerprints()),
    "gaussian_symmetry": lambda: statistics(sites.GaussianSymmFunc()),
    "grdf": lambda: statistics(sites.GeneralizedRadialDistributionFunction.from_preset("gaussian")),
}


def field(value):
    value = float(value)
    return "" if math.isnan(value) else f"{value:.10g}"


def main():
    for package, pinned in PINNED.items():
        assert version(package) == pinned, f"{package} is {version(package)}, expected {pinned}"
    for name in sys.argv[1:] or BUILD:
        labels, featurize = BUILD[name]()
        lines = ["\t".join(labels)]
        for _, structure in structures():
            # A line that says "refused": matminer does not take disordered structures.
            row = featurize(structure) if structure.is_ordered or name in ANY else None
            lines.append("refused" if row is None else "\t".join(map(field, row)))
        (HERE / f"{name}.tsv").write_text("\n".join(lines) + "\n")
        print(name, len(lines) - 1, flush=True)


main()
