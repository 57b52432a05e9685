"""What structure_agreement.py and structure_speed.py share: real structures, and the reference of every structure descriptor.

References are matminer 0.10.1 with pymatgen-core 2026.10.16, and DScribe 2.1.2 for soap and acsf, as the make.py of the golden tests
define them (corrections of the contract included).
"""

import contextlib
import csv
import gzip
import importlib.util
import io
import json
import os
import pathlib
import random
import re
import signal
import tarfile
import warnings
from importlib.metadata import version

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_name] = "1"
warnings.simplefilter("ignore")

import numpy as np  # noqa: E402
from matminer.featurizers.structure import OrbitalFieldMatrix  # noqa: E402
from matminer.utils import caching  # noqa: E402
from pymatgen.analysis.local_env import VoronoiNN  # noqa: E402
from pymatgen.core import Element, Lattice, Structure  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
DATASETS = pathlib.Path(os.environ.get("MATSIEVE_DATASETS", ROOT.parent / "shared" / "datasets"))
PINNED = {"matminer": "0.10.1", "pymatgen-core": "2026.10.16", "dscribe": "2.1.2", "vesin": "0.6.2"}
TOLERANCE = 1e-6
# Columns that are 0 but for rounding have no scale of their own.
SMALLEST_SCALE = 1e-6
MAX_ATOMS = 100
SPECIES = ["Na", "Ti", "O"]
# H to Pu.
ELEMENTS = [str(Element.from_Z(number)) for number in range(1, 95)]
PARAMETERS = {
    "acsf": {
        "species": ELEMENTS, "r_cut": 6.0, "g2_params": [[1.0, 0.0], [0.5, 2.0]],
        "g4_params": [[0.01, 1.0, 1.0], [0.01, 4.0, -1.0]],
    },
    "partial_rdf": {"species": SPECIES},
    "sine_matrix": {"max_atoms": MAX_ATOMS},
    "coulomb_matrix": {"max_atoms": MAX_ATOMS},
}


def check_versions():
    for package, pinned in PINNED.items():
        assert version(package) == pinned, f"{package} is {version(package)}, expected {pinned}"


def _module(name, path):
    spec = importlib.util.spec_from_file_location(name, path)
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded


# Structures ---------------------------------------------------------------------------------------------------------------


def _usable(structure):
    return structure.is_ordered and 1 <= len(structure) <= MAX_ATOMS


def _materials_project(wanted):
    """Of the ids wanted, in the order of the archives."""
    for shard in sorted({shard for shard, _ in wanted}):
        ids = {f"cif/{mp_id}.cif" for place, mp_id in wanted if place == shard}
        with tarfile.open(DATASETS / f"mp_cif/mp_cif_{shard}.tar.xz") as archive:
            for member in archive:
                if member.name in ids:
                    text = archive.extractfile(member).read().decode()
                    yield pathlib.PurePath(member.name).stem, lambda text=text: Structure.from_str(text, fmt="cif")


def _index():
    with gzip.open(DATASETS / "mp_cif/index.csv.gz", "rt") as file:
        return list(csv.DictReader(file))


def _printed(text):
    """A structure in pymatgen's printed form."""
    numbers = lambda key: [float(x) for x in re.search(rf"{key}\s*:\s*(.*)", text).group(1).split()]  # noqa: E731
    symbols, fracs = [], []
    for line in text.splitlines():
        words = line.split()
        if len(words) >= 5 and words[0].isdigit():
            symbols.append(words[1])
            fracs.append([float(x) for x in words[2:5]])
    return Structure(Lattice.from_parameters(*numbers("abc"), *numbers("angles")), symbols, fracs)


def _pool(rng):
    """Name and loader of each, of several kinds; some cannot be read or used."""
    index = _index()
    by_size, elements = {}, []
    edges = [2, 4, 8, 14, 24, 40, 100]
    for line in index:
        place = next((k for k, edge in enumerate(edges) if int(line["nsites"]) <= edge), None)
        if place is not None and line["shard"] in "02":
            by_size.setdefault(place, []).append((line["shard"], line["mp_id"]))
            if re.fullmatch(r"[A-Z][a-z]?\d*", line["formula_cell"]) and int(line["nsites"]) <= 30:
                elements.append((line["shard"], line["mp_id"]))
    wanted = []
    for place, count in enumerate([36, 44, 62, 52, 40, 28, 16]):
        wanted += rng.sample(by_size[place], count)
    wanted += rng.sample(elements, 20)
    for name, load in _materials_project(set(wanted)):
        yield name, load
    # Other cells of the same crystals: long, thin and skewed.
    skewed = rng.sample([pair for place in (0, 1, 2) for pair in by_size[place]], 14)
    for number, (name, load) in enumerate(_materials_project(set(skewed))):
        steps = [[[1, 0, 0], [3, 1, 0], [-2, 4, 1]], [[1, -5, 0], [0, 1, 0], [2, 0, 1]], [[0, 1, 0], [1, 0, 0], [6, 1, 1]]][number % 3]
        yield f"skewed:{name}", lambda load=load, steps=steps: load().make_supercell(steps, to_unit_cell=False)
    # Slabs with vacuum.
    with gzip.open(DATASETS / "structures_2d/matbench_jdft2d.csv.gz", "rt") as file:
        for place, line in rng.sample(list(enumerate(csv.DictReader(file))), 24):
            yield f"jdft2d-{place}", lambda text=line["structure"]: _printed(text)
    with gzip.open(DATASETS / "carbon_24/val.csv.gz", "rt") as file:
        for line in rng.sample(list(csv.DictReader(file)), 12):
            yield line["material_id"], lambda text=line["cif"]: Structure.from_str(text, fmt="cif")
    for folder, count in [("pymatgen_json", 30), ("poscar_jarvis_sample", 12)]:
        paths = sorted((DATASETS / folder).iterdir())
        for path in rng.sample(paths, min(count, len(paths))):
            if path.suffix in (".json", ".vasp"):
                kind = "json" if path.suffix == ".json" else "poscar"
                yield path.name, lambda path=path, kind=kind: Structure.from_str(path.read_text(), fmt=kind)
    # Minerals and molecular crystals, from their asymmetric units.
    folder = DATASETS / "cif_cod"
    paths = sorted(path for path in folder.rglob("*.cif") if path.stat().st_size < 30_000)
    for path in rng.sample(paths, min(40, len(paths))):
        yield f"cod-{path.stem}", lambda path=path: Structure.from_str(path.read_text(errors="replace"), fmt="cif")


def plain(name, structure):
    """What of pymatgen's JSON says who sits where."""
    sites = []
    for site in structure:
        species = {"element": getattr(site.specie, "element", site.specie).symbol, "occu": 1}
        if getattr(site.specie, "oxi_state", None) is not None:
            species["oxidation_state"] = site.specie.oxi_state
        sites.append({"species": [species], "abc": site.frac_coords.tolist()})
    return {"id": name, "structure": {"lattice": {"matrix": structure.lattice.matrix.tolist()}, "sites": sites}}


def write_inputs(path):
    """Writes pymatgen JSON, a line a structure, in an order without meaning."""
    rng = random.Random(3)
    lines = []
    for name, load in _pool(rng):
        try:
            structure = load()
            usable = _usable(structure) and structure.distance_matrix.min(initial=9, where=~np.eye(len(structure), dtype=bool)) > 0.4
        except Exception:  # pymatgen cannot read some of them
            continue
        if usable:
            lines.append(json.dumps(plain(name, structure)))
    rng.shuffle(lines)
    path.write_text("\n".join(lines) + "\n")


def read_inputs(path):
    """Name and structure of each."""
    for line in path.read_text().splitlines():
        document = json.loads(line)
        structure = document["structure"]
        symbols = [site["species"][0]["element"] for site in structure["sites"]]
        built = Structure(structure["lattice"]["matrix"], symbols, [site["abc"] for site in structure["sites"]])
        states = [site["species"][0].get("oxidation_state") for site in structure["sites"]]
        if None not in states:
            built.add_oxidation_state_by_site(states)
        yield document["id"], built


# References ---------------------------------------------------------------------------------------------------------------


def references():
    """For each descriptor, what computes its labels and rows."""
    golden = ROOT / "tests/golden"
    crystal = _module("golden_crystal", golden / "crystal/make.py")
    crystal.MAX_ATOMS, crystal.SPECIES = MAX_ATOMS, SPECIES
    local = _module("golden_local_environment", golden / "local_environment/make.py")
    build = dict(crystal.BUILD)
    for name, featurizer in local.FEATURIZERS.items():
        build[name] = lambda featurizer=featurizer: (featurizer.feature_labels(), featurizer.featurize)
    build.pop("orbital_field_matrix-period")
    return build | {"soap": soap, "acsf": acsf}


def acsf():
    from dscribe.descriptors import ACSF

    sites = ACSF(**PARAMETERS["acsf"], periodic=True)
    return None, lambda structure: sites.create(to_ase(structure)).mean(axis=0)


def other_settings():
    """References for structures where values differ.

    `<descriptor>@<cut-off> A`: a longer cut-off, where matminer's own one ends within cells (and every site, where it takes one of
    each orbit). `<descriptor>@moved`: by how much
    matminer's own values differ when the same crystal is displaced, turned, and its sites are given in another order.
    """
    build = references()

    def beyond(name, cutoff):
        labels, featurize = build[name]()

        def featurize_beyond(structure):
            with longer_cutoff(cutoff):
                return featurize(structure)

        return labels, featurize_beyond

    def spread(name):
        labels, featurize = build[name]()

        def spread_of(structure):
            rng = np.random.default_rng(1)
            rows = [featurize(structure), *(featurize(moved(structure, rng)) for _ in range(8))]
            return np.ptp(np.array(rows, float), axis=0)

        return labels, spread_of

    def every_site(cutoff):
        """matminer takes one site of each orbit, found within 0.01 A; this one takes all sites of the cell."""
        labels, _ = build["orbital_field_matrix"]()
        featurizer = OrbitalFieldMatrix(flatten=True)

        def featurize(structure):
            # Images of one site are neighbours in the list of a supercell.
            cells = 27
            finder = VoronoiNN(allow_pathological=True)
            with longer_cutoff(cutoff):
                supercell = structure * [3, 3, 3]
                sites = [place * cells for place in range(len(structure))]
                matrices = [
                    featurizer.get_single_ofm(supercell[site], finder.get_nn_info(supercell, site)) for site in sites
                ]
            return (sum(matrices) / len(matrices)).A.flatten()

        return labels, featurize

    settings = {f"{name}@{CUTOFF} A": lambda name=name: beyond(name, CUTOFF) for name in CELLS}
    settings[f"orbital_field_matrix@every site, {CUTOFF} A"] = lambda: every_site(CUTOFF)
    return settings | {f"{name}@moved": lambda name=name: spread(name) for name in ORDERS}


# Their order parameters depend on the order of neighbours and, at machine epsilon, on rounding.
ORDERS = ["crystal_nn_fingerprint", "op_site_fingerprint"]


def moved(structure, rng):
    """The same crystal, displaced, turned, its sites in another order."""
    turn, _ = np.linalg.qr(rng.normal(size=(3, 3)))
    order = rng.permutation(len(structure))
    fracs = (structure.frac_coords + rng.random(3)) % 1.0
    return Structure(structure.lattice.matrix @ turn, [structure.species[k] for k in order], fracs[order])


CUTOFF = 30
CELLS = [
    "effective_coordination", "structural_heterogeneity", "chemical_ordering", "max_packing_efficiency",
    "local_property_difference", "voronoi_fingerprint", "voronoi_fingerprint_matminer", "bond_orientational", "bond_lengths",
    "bond_angles",
]  # fmt: skip


def forget_neighbors():
    """matminer keeps the neighbours of the last structure by cut-off, the one before it is made longer."""
    caching._get_all_nearest_neighbors.cache_clear()


@contextlib.contextmanager
def longer_cutoff(cutoff):
    one, whole = VoronoiNN.get_voronoi_polyhedra, VoronoiNN.get_all_voronoi_polyhedra

    def longer(compute):
        def computed(finder, *arguments):
            before, finder.cutoff = finder.cutoff, max(finder.cutoff, cutoff)
            try:
                return compute(finder, *arguments)
            finally:
                finder.cutoff = before

        return computed

    VoronoiNN.get_voronoi_polyhedra, VoronoiNN.get_all_voronoi_polyhedra = longer(one), longer(whole)
    forget_neighbors()
    try:
        yield
    finally:
        forget_neighbors()
        VoronoiNN.get_voronoi_polyhedra, VoronoiNN.get_all_voronoi_polyhedra = one, whole


def soap():
    from ase.data import atomic_numbers
    from dscribe.descriptors import SOAP

    def featurize(structure):
        atoms = to_ase(structure)
        species = sorted(set(atoms.get_chemical_symbols()), key=atomic_numbers.get)
        compression = {"mode": "mu2", "species_weighting": None}
        settings = {"r_cut": 6.0, "n_max": 8, "l_max": 6, "sigma": 0.4, "average": "outer"}
        return SOAP(**settings, species=species, compression=compression, periodic=True).create(atoms)

    return None, featurize


def to_ase(structure):
    """Wrapped: DScribe repeats the cell as often as an atom inside it needs, and misses neighbours of one outside."""
    from ase import Atoms

    symbols = [getattr(site.specie, "element", site.specie).symbol for site in structure]
    return Atoms(symbols, scaled_positions=structure.frac_coords % 1.0, cell=structure.lattice.matrix, pbc=True)


@contextlib.contextmanager
def shared_tessellations():
    """Within it, for one structure, pymatgen makes each tessellation once, not once a featurizer: same values, in less time."""
    one, whole = VoronoiNN.get_voronoi_polyhedra, VoronoiNN.get_all_voronoi_polyhedra
    kept = {}

    def settings(finder, structure):
        targets = None if finder.targets is None else tuple(sorted(map(str, finder.targets)))
        return type(finder).__name__, finder.cutoff, targets, finder.compute_adj_neighbors, len(structure)

    def shared_one(finder, structure, n):
        key = n, *settings(finder, structure)
        if key not in kept:
            kept[key] = one(finder, structure, n), finder.cutoff
        cell, finder.cutoff = kept[key]
        return {key: dict(facet) for key, facet in cell.items()}

    def shared_whole(finder, structure):
        key = settings(finder, structure)
        if key not in kept:
            kept[key] = whole(finder, structure)
        return [{key: dict(facet) for key, facet in cell.items()} for cell in kept[key]]

    VoronoiNN.get_voronoi_polyhedra, VoronoiNN.get_all_voronoi_polyhedra = shared_one, shared_whole
    try:
        yield
    finally:
        VoronoiNN.get_voronoi_polyhedra, VoronoiNN.get_all_voronoi_polyhedra = one, whole


class TooSlow(Exception):
    """The reference took longer than allowed."""


@contextlib.contextmanager
def time_limit(seconds):
    def stop(*_):
        raise TooSlow(f"more than {seconds} s")

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


@contextlib.contextmanager
def quiet():
    with contextlib.redirect_stdout(io.StringIO()):
        yield
