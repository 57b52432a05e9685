"""Writes pairs.json: pairs of structures, and whether pymatgen's StructureMatcher (defaults) says that they are the same.

    pip install pymatgen-core==2026.10.16 numpy scipy
    python tests/golden/matcher/make.py

First members are those of ../structures/structures.json with at most 12 sites, without oxidation states. Second members are made of
them: other cells, origins and orientations, mirror images, displaced sites, strained, sheared and swollen cells, exchanged elements;
and all other members of the same reduced formula. Numbers are rounded before pymatgen sees them.
Format: a list of `{"a": structure, "b": structure, "what", "fits"}`, a structure being
`{"lattice": [[a], [b], [c]] (rows, Å), "sites": [[{element: share}, x, y, z]]}`, or the name of one in structures.json.
"""

import json
import pathlib
import warnings
from importlib.metadata import version

import numpy as np

warnings.simplefilter("ignore")

from pymatgen.core import Lattice, Structure  # noqa: E402
from pymatgen.core.structure_matcher import StructureMatcher  # noqa: E402

HERE = pathlib.Path(__file__).resolve().parent
assert version("pymatgen-core") == "2026.10.16"
MOST_SITES = 12
rng = np.random.default_rng(20261127)


def golden():
    for record in json.loads((HERE.parent / "structures/structures.json").read_text()):
        sites = record["sites"]
        species = [{o["element"]: o["occupancy"] for o in site["occupants"]} for site in sites]
        yield record["name"], Structure(Lattice(record["lattice"]), species, [site["frac"] for site in sites])


def rotation():
    q, r = np.linalg.qr(rng.normal(size=(3, 3)))
    q = q @ np.diag(np.sign(np.diag(r)))
    return q if np.linalg.det(q) > 0 else -q


def rebuilt(structure, matrix, fracs=None):
    return Structure(Lattice(matrix), structure.species_and_occu, structure.frac_coords if fracs is None else fracs)


def other_cell(structure, scaling):
    copy = structure.copy()
    copy.make_supercell(scaling)
    copy = rebuilt(copy, copy.lattice.matrix @ rotation(), copy.frac_coords + rng.random(3))
    order = rng.permutation(len(copy))
    return Structure(copy.lattice, [copy.species_and_occu[i] for i in order], copy.frac_coords[order])


def displaced(structure, length):
    vectors = rng.normal(size=(len(structure), 3))
    vectors *= length / np.linalg.norm(vectors, axis=1)[:, None]
    return Structure(
        structure.lattice, structure.species_and_occu, structure.cart_coords + vectors, coords_are_cartesian=True
    )


def strained(structure, strain):
    return rebuilt(structure, structure.lattice.matrix @ (np.eye(3) + np.array(strain)))


def exchanged(structure):
    elements = sorted({element.symbol for element in structure.composition.elements})
    table = dict(zip(elements, elements[1:] + elements[:1]))
    species = [{table[e.symbol]: share for e, share in site.species.items()} for site in structure]
    return Structure(structure.lattice, species, structure.frac_coords)


def variants(structure):
    yield "the same", structure
    yield "2x1x1, turned, shifted", other_cell(structure, [2, 1, 1])
    yield "another basis, turned, shifted", other_cell(structure, [[1, 1, 0], [0, 1, 1], [0, 0, 1]])
    if len(structure) <= 4:
        yield "index 3, turned, shifted", other_cell(structure, [[1, 1, 0], [-1, 2, 0], [0, 1, 1]])
    yield "mirror image", rebuilt(structure, structure.lattice.matrix @ np.diag([1, 1, -1]))
    for length in (0.1, 0.3, 0.5, 0.8):
        yield f"displaced by {length} Å", displaced(structure, length)
    for share in (0.05, 0.15, 0.3):
        yield f"strained by {share}", strained(structure, np.diag([share, 0, 0]))
    yield "flattened by 0.25", strained(structure, np.diag([0, 0, -0.25]))
    for degrees in (3, 8):
        yield f"sheared by {degrees}°", strained(structure, [[0, np.tan(np.radians(degrees)), 0], [0, 0, 0], [0, 0, 0]])
    yield "swollen by 1.4", rebuilt(structure, structure.lattice.matrix * 1.4)
    if structure.composition.num_atoms and len(structure.composition) > 1:
        yield "elements exchanged", exchanged(structure)


def record(structure):
    sites = [
        [{e.symbol: round(share, 6) for e, share in site.species.items()}, *(round(x, 5) + 0.0 for x in site.frac_coords % 1)]
        for site in structure
    ]
    return {"lattice": [[round(x, 5) + 0.0 for x in row] for row in structure.lattice.matrix.tolist()], "sites": sites}


def structure_of(made):
    return Structure(Lattice(made["lattice"]), [site[0] for site in made["sites"]], [site[1:] for site in made["sites"]])


def main():
    matcher = StructureMatcher()
    known = dict(golden())
    pairs = []
    for name, structure in known.items():
        if len(structure) > MOST_SITES:
            continue
        for what, other in variants(structure):
            made = record(other)
            pairs.append({"a": name, "b": made, "what": what, "fits": bool(matcher.fit(structure, structure_of(made)))})
    names = list(known)
    for place, name in enumerate(names):
        for other in names[:place] + names[place + 1 :]:
            if known[name].composition.reduced_formula == known[other].composition.reduced_formula:
                fits = bool(matcher.fit(known[name], known[other]))
                pairs.append({"a": name, "b": other, "what": "the same formula", "fits": fits})
    lines = [json.dumps(pair, ensure_ascii=False, separators=(",", ":")) for pair in pairs]
    (HERE / "pairs.json").write_text("[\n" + ",\n".join(lines) + "\n]\n")
    print(len(pairs), "pairs,", sum(pair["fits"] for pair in pairs), "fit")


main()
