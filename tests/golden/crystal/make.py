"""Writes what matminer 0.10.1 gives for each structure of ../structures/structures.json, one file a descriptor.

    pip install matminer==0.10.1 pymatgen-core==2026.10.16
    python tests/golden/crystal/make.py [DESCRIPTOR...]
"""

import copy
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
from matminer.utils.caching import get_nearest_neighbors  # noqa: E402
from pymatgen.analysis.local_env import VoronoiNN  # noqa: E402
from pymatgen.core import Lattice, Species, Structure  # noqa: E402
from pymatgen.symmetry.analyzer import SpacegroupAnalyzer  # noqa: E402
from scipy.spatial import QhullError  # noqa: E402

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


def voronoi(featurizer):
    """With all sites in the cell: pymatgen's tessellation of all sites misses atoms around those outside."""

    def featurize(structure):
        fracs = structure.frac_coords - np.floor(structure.frac_coords)
        fracs[fracs >= 1.0] = 0.0
        # A copy each time: pymatgen keeps a cut-off that it had to double for all structures to come.
        return copy.deepcopy(featurizer).featurize(Structure(structure.lattice, structure.species, fracs))

    return featurizer.feature_labels(), featurize


def voronoi_statistics(featurizer, stats=("mean", "std_dev")):
    return voronoi(SiteStatsFingerprint(featurizer, stats=stats))


def doubling(all_polyhedra):
    """Doubles the cut-off where it leaves cells open, as pymatgen does for the cell of one site and not for those of all."""

    def closed(finder, structure):
        cutoff = finder.cutoff
        try:
            while True:
                try:
                    return all_polyhedra(finder, structure)
                except (RuntimeError, QhullError):
                    if finder.cutoff > 60:
                        raise
                    print(f"beyond {finder.cutoff} A:", structure.composition.reduced_formula)
                    finder.cutoff *= 2
        finally:
            finder.cutoff = cutoff

    return closed


class VoronoiWithVertices(VoronoiNN):
    """Keeps the corners of the facets."""

    def __init__(self, **settings):
        super().__init__(**settings)
        self.keeps_corners = True  # unlike a plain one in matminer's cache of neighbours

    def _extract_cell_info(self, site_idx, sites, targets, voro, compute_adj_neighbors=False):
        cell = super()._extract_cell_info(site_idx, sites, targets, voro, compute_adj_neighbors)
        for facet in cell.values():
            facet["corners"] = voro.vertices[facet["verts"]]
        return cell


class TolerantVoronoiFingerprint(sites.VoronoiFingerprint):
    """matminer's statistics of the facets, but for facets and edges that are too small to mean something (Q9)."""

    def featurize(self, struct, idx, tolerance=0.01):
        facets = [nn["poly_info"] for nn in get_nearest_neighbors(VoronoiWithVertices(cutoff=self.cutoff), struct, idx)]
        largest = max(facet["area"] for facet in facets)
        counts, kept = np.zeros(8), []
        for facet in facets:
            lengths = np.linalg.norm(facet["corners"] - np.roll(facet["corners"], -1, axis=0), axis=1)
            edges = int((lengths >= tolerance * lengths.sum()).sum())
            if facet["area"] >= tolerance * largest and 3 <= edges <= 10:
                counts[edges - 3] += 1
                kept.append(facet)
        row = [*counts, *(counts / counts.sum())]
        row += [sum(facet["volume"] for facet in facets), sum(facet["area"] for facet in facets)]
        for values in ([f["volume"] for f in kept], [f["area"] for f in kept], [2 * f["face_dist"] for f in kept]):
            row += [np.mean(values), np.std(values), np.min(values), np.max(values)]
        return row


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
    "agni": lambda: statistics(sites.AGNIFingerprints()),
    "gaussian_symmetry": lambda: statistics(sites.GaussianSymmFunc()),
    "grdf": lambda: statistics(sites.GeneralizedRadialDistributionFunction.from_preset("gaussian")),
    "effective_coordination": lambda: voronoi(SiteStatsFingerprint.from_preset("CoordinationNumber_ward-prb-2017")),
    "structural_heterogeneity": lambda: voronoi(mm.StructuralHeterogeneity()),
    "chemical_ordering": lambda: voronoi(mm.ChemicalOrdering()),
    "max_packing_efficiency": lambda: voronoi(mm.MaximumPackingEfficiency()),
    "local_property_difference": lambda: voronoi_statistics(
        sites.LocalPropertyDifference.from_preset("ward-prb-2017", impute_nan=False),
        ("minimum", "maximum", "range", "mean", "avg_dev"),
    ),
    "voronoi_fingerprint": lambda: voronoi_statistics(TolerantVoronoiFingerprint()),
    "voronoi_fingerprint_matminer": lambda: voronoi_statistics(sites.VoronoiFingerprint()),
    "bond_orientational": lambda: voronoi_statistics(sites.BondOrientationalParameter()),
    "bond_lengths": lambda: voronoi(SiteStatsFingerprint.from_preset("BondLength-dejong2016")),
    "bond_angles": lambda: voronoi(SiteStatsFingerprint.from_preset("BondAngle-dejong2016")),
}


def field(value):
    value = float(value)
    return "" if math.isnan(value) else f"{value:.10g}"


def main():
    for package, pinned in PINNED.items():
        assert version(package) == pinned, f"{package} is {version(package)}, expected {pinned}"
    VoronoiNN.get_all_voronoi_polyhedra = doubling(VoronoiNN.get_all_voronoi_polyhedra)
    for name in sys.argv[1:] or BUILD:
        labels, featurize = BUILD[name]()
        lines = ["\t".join(labels)]
        for _, structure in structures():
            # A line that says "refused": matminer does not take disordered structures.
            row = featurize(structure) if structure.is_ordered or name in ANY else None
            lines.append("refused" if row is None else "\t".join(map(field, row)))
        (HERE / f"{name}.tsv").write_text("\n".join(lines) + "\n")
        print(name, len(lines) - 1, flush=True)


if __name__ == "__main__":
    main()
