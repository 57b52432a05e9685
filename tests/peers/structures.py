"""Structures that matsieve exports, read back by pymatgen, ASE and gemmi: the same cells, places and occupants.

    python tests/peers/structures.py MATSIEVE [--structures 300]

MATSIEVE is the program. Structures are those of tests/golden/structures and, where MATSIEVE_DATASETS has them, Materials Project CIF
files as pymatgen reads them. Prints a table, then "agrees", or what differs.
"""

import argparse
import collections
import json
import os
import pathlib
import subprocess
import tarfile
import tempfile
import warnings

warnings.simplefilter("ignore")

import ase.io  # noqa: E402
import gemmi  # noqa: E402
import numpy as np  # noqa: E402
from pymatgen.core import DummySpecies, Element, Lattice, Species, Structure  # noqa: E402
from pymatgen.io.cif import CifParser  # noqa: E402
from pymatgen.io.optimade import OptimadeStructureAdapter  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
TOLERANCE = 1e-9  # of lengths in Å: cell parameters go through an arc cosine


def golden():
    for record in json.loads((ROOT / "tests/golden/structures/structures.json").read_text()):
        sites = record["sites"]
        occupants = [
            {
                (Element(o["element"]) if o["oxidation"] is None else Species(o["element"], o["oxidation"])): o["occupancy"]
                for o in site["occupants"]
            }
            for site in sites
        ]
        yield record["name"], Structure(Lattice(record["lattice"]), occupants, [site["frac"] for site in sites])


def real(count):
    folder = pathlib.Path(os.environ.get("MATSIEVE_DATASETS", ROOT.parent / "shared" / "datasets"))
    path = folder / "mp_cif/mp_cif_0.tar.xz"
    if not path.exists():
        print(f"without real structures: {path} is not there")
        return
    with tarfile.open(path) as archive:
        members = [member for member in archive.getmembers() if member.name.endswith(".cif")]
        for member in members[:: max(1, len(members) // count)]:
            try:
                structure = Structure.from_str(archive.extractfile(member).read().decode(), fmt="cif")
            except Exception:  # pymatgen cannot read some of them
                continue
            yield pathlib.PurePath(member.name).stem, structure


def left_handed():
    """Quartz in a left-handed cell: its mirror image is another crystal."""
    lattice = Lattice.hexagonal(4.9137, 5.4047)
    quartz = Structure.from_spacegroup(152, lattice, ["Si", "O"], [[0.4697, 0, 1 / 3], [0.4133, 0.2672, 0.1189]])
    matrix = quartz.lattice.matrix[[1, 0, 2]]
    yield "left-handed quartz", Structure(Lattice(matrix), quartz.species, quartz.frac_coords[:, [1, 0, 2]])


def key(species):
    """Element, oxidation state and share."""
    items = species.items() if hasattr(species, "items") else [(species, 1.0)]
    return tuple(sorted((str(getattr(s, "element", s)), getattr(s, "oxi_state", None) or 0, round(o, 9)) for s, o in items))


class Sites:
    """A cell and its sites, in a form that programs can be compared in."""

    def __init__(self, matrix, occupants, fracs):
        self.matrix, self.occupants, self.fracs = np.array(matrix), occupants, np.array(fracs)

    @classmethod
    def of(cls, structure):
        return cls(structure.lattice.matrix, [key(site.species) for site in structure], structure.frac_coords)

    def without_oxidation(self):
        merge = lambda site: tuple(sorted((e, 0, o) for e, _, o in site))  # noqa: E731
        return Sites(self.matrix, [merge(site) for site in self.occupants], self.fracs)

    def difference(self, other):
        """Why they differ, or None. Cells may be turned and inverted together with their coordinates, sites may change places."""
        gram = lambda sites: sites.matrix @ sites.matrix.T  # noqa: E731
        scale = np.abs(gram(self)).max()
        if np.abs(gram(self) - gram(other)).max() > TOLERANCE * scale:
            return f"cells {self.matrix.tolist()} {other.matrix.tolist()}"
        if len(self.occupants) != len(other.occupants):
            return f"{len(self.occupants)} sites, {len(other.occupants)} read back"
        # A left-handed cell comes back as a right-handed one with all coordinates inverted.
        sign = np.sign(np.linalg.det(self.matrix)) * np.sign(np.linalg.det(other.matrix))
        mine, length = sign * self.fracs, np.sqrt(np.diag(gram(self)))
        left = list(range(len(other.occupants)))
        for place, (frac, occupants) in enumerate(zip(mine, self.occupants)):
            apart = (other.fracs[left] - frac + 0.5) % 1.0 - 0.5
            distances = np.abs(apart * length).max(axis=1)
            for candidate in np.argsort(distances):
                if distances[candidate] > 10 * TOLERANCE * max(1.0, length.max()):
                    return f"site {place} {occupants} at {frac.tolist()} is not there"
                if other.occupants[left[candidate]] == occupants:
                    del left[candidate]
                    break
            else:
                return f"site {place} {occupants} is held by others"
        return None


def of_atoms(atoms):
    return Sites(atoms.cell.array, [((s, 0, 1.0),) for s in atoms.get_chemical_symbols()], atoms.get_scaled_positions(False))


def of_gemmi(block):
    small = gemmi.make_small_structure_from_block(block)
    cell = small.cell
    matrix = Lattice.from_parameters(cell.a, cell.b, cell.c, cell.alpha, cell.beta, cell.gamma).matrix
    places = collections.OrderedDict()
    for site in small.sites:
        places.setdefault((site.fract.x, site.fract.y, site.fract.z), []).append((site.element.name, 0, round(site.occ, 9)))
    return Sites(matrix, [tuple(sorted(site)) for site in places.values()], list(places))


def cif_of_pymatgen(path):
    parser = CifParser(path, occupancy_tolerance=1.0 + 1e-9, frac_tolerance=0, site_tolerance=1e-6)
    return [Sites.of(s) for s in parser.parse_structures(primitive=False, check_occu=False, on_error="raise")]


def optimade_of_pymatgen(line):
    return Sites.of(OptimadeStructureAdapter.get_structure(json.loads(line)))


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("matsieve")
    arguments.add_argument("--structures", type=int, default=300)
    arguments = arguments.parse_args()
    structures = [*golden(), *left_handed(), *real(arguments.structures)]
    names = [name for name, _ in structures]
    truth = [Sites.of(structure) for _, structure in structures]
    bare = [sites.without_oxidation() for sites in truth]
    ordered = [place for place, (_, structure) in enumerate(structures) if structure.is_ordered]
    failures, table = [], []

    def compare(program, form, expected, found, which):
        which = list(which)
        if len(found) != len(which):
            failures.append(f"{program} reads {len(found)} of {len(which)} structures of {form}")
        wrong = 0
        for place, sites in zip(which, found):
            reason = sites if isinstance(sites, str) else expected[place].difference(sites)
            if reason:
                wrong += 1
                failures.append(f"{program}, {form}, {names[place]}: {reason}")
        table.append((program, form, len(found), len(found) - wrong))

    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)

        def run(*command):
            done = subprocess.run([arguments.matsieve, "-q", *command], cwd=folder, capture_output=True, text=True)
            assert done.returncode == 0, done.stderr

        documents = [
            {**structure.as_dict(), "properties": {"material_id": name}} for name, structure in structures
        ]
        (folder / "in.json").write_text(json.dumps(documents))
        run("featurize", "in.json", "--descriptors", "density", "-o", "r.h5")
        for form, out in [
            ("cif", "x.cif"), ("cif", "cif/"), ("pymatgen-json", "x.json"), ("pymatgen-json", "json/"),
            ("optimade-jsonl", "x.jsonl"), ("optimade-jsonl", "jsonl/"),
        ]:
            run("export", "r.h5", "--rows", "all", "--structures", form, "-o", out)
        for form, out in [("poscar", "poscar/"), ("extxyz", "x.extxyz"), ("extxyz", "extxyz/")]:
            run("export", "r.h5", "--rows", "all", "--ordered-only", "--structures", form, "-o", out)
        everything = range(len(structures))
        files = lambda name: sorted((folder / name).iterdir())  # noqa: E731

        compare("pymatgen", "cif, one file", truth, cif_of_pymatgen(folder / "x.cif"), everything)
        compare("pymatgen", "cif, each", truth, [s for path in files("cif") for s in cif_of_pymatgen(path)], everything)
        blocks = list(gemmi.cif.read(str(folder / "x.cif")))
        compare("gemmi", "cif", bare, [of_gemmi(block) for block in blocks], everything)
        atoms = ase.io.read(folder / "x.cif", index=":")
        compare("ASE", "cif, ordered", bare, [of_atoms(atoms[place]) for place in ordered], ordered)
        listed = json.loads((folder / "x.json").read_text())
        compare("pymatgen", "json, list", truth, [Sites.of(Structure.from_dict(d)) for d in listed], everything)
        compare("pymatgen", "json, each", truth, [Sites.of(Structure.from_file(path)) for path in files("json")], everything)
        lines = (folder / "x.jsonl").read_text().splitlines()[1:]
        # pymatgen takes oxidation states from the names of species.
        compare("pymatgen", "optimade", truth, [optimade_of_pymatgen(lines[place]) for place in ordered], ordered)
        compare("pymatgen", "poscar", bare, [Sites.of(Structure.from_file(path)) for path in files("poscar")], ordered)
        compare("ASE", "poscar", bare, [of_atoms(ase.io.read(path)) for path in files("poscar")], ordered)
        compare("ASE", "extxyz", bare, [of_atoms(a) for a in ase.io.read(folder / "x.extxyz", index=":")], ordered)
        compare("ASE", "extxyz, each", bare, [of_atoms(ase.io.read(path)) for path in files("extxyz")], ordered)

    for program, form, read, same in table:
        print(f"{program:9} {form:15} {read:5} read {same:5} the same")
    for failure in failures[:20]:
        print(failure[:500])
    print("agrees" if not failures else f"{len(failures)} differ")


main()
