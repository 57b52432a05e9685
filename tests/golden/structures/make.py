"""Writes structures.json: crystals of 1 to 40 atoms that the project wrote itself, for golden values of structure descriptors.

    pip install pymatgen-core==2026.10.16 numpy
    python tests/golden/structures/make.py

Prototypes come from their space group, lattice parameters and free coordinates (rounded textbook values with odd last digits,
so that no distance falls on the edge of a bin); others from a seed. Format: a list of
`{"name", "lattice": [[a], [b], [c]] (rows, Å), "sites": [{"frac": [x, y, z], "occupants": [{"element", "occupancy", "oxidation"}]}]}`.
"""

import json
import pathlib
import warnings
from importlib.metadata import version

import numpy as np

warnings.simplefilter("ignore")

from pymatgen.core import Lattice, Structure  # noqa: E402

HERE = pathlib.Path(__file__).resolve().parent
assert version("pymatgen-core") == "2026.10.16"

cubic, hexagonal, tetragonal = Lattice.cubic, Lattice.hexagonal, Lattice.tetragonal
orthorhombic, monoclinic = Lattice.orthorhombic, Lattice.monoclinic


def group(number, lattice, species, coords):
    return Structure.from_spacegroup(number, lattice, species, coords)


def transformed(structure, matrix):
    structure = structure.copy()
    structure.make_supercell(matrix)
    return structure


def random_structure(seed, species, lengths, angles, shortest):
    """Sites drawn one by one, each at least `shortest` Å from those before (periodic images included)."""
    rng = np.random.default_rng(seed)
    lattice = Lattice.from_parameters(*lengths, *angles)
    structure = Structure(lattice, [], [])
    for symbol in species:
        while True:
            frac = rng.random(3).round(6)
            trial = structure.copy()
            trial.append(symbol, frac)
            distances = trial.distance_matrix[-1, :-1]
            if not len(distances) or distances.min() > shortest:
                structure = trial
                break
    return structure


def build():
    yield "Po simple cubic", Structure(cubic(3.3452), ["Po"], [[0, 0, 0]])
    yield "Cu primitive", group(225, cubic(3.6149), ["Cu"], [[0, 0, 0]]).get_primitive_structure()
    yield "Cu conventional", group(225, cubic(3.6149), ["Cu"], [[0, 0, 0]])
    yield "Fe conventional", group(229, cubic(2.8665), ["Fe"], [[0, 0, 0]])
    yield "Mg", group(194, hexagonal(3.2094, 5.2108), ["Mg"], [[1 / 3, 2 / 3, 0.25]])
    yield "diamond", group(227, cubic(3.5668), ["C"], [[0, 0, 0]])
    yield "graphite", group(194, hexagonal(2.4612, 6.7079), ["C", "C"], [[0, 0, 0.25], [1 / 3, 2 / 3, 0.25]])
    yield "NaCl", group(225, cubic(5.6402), ["Na+", "Cl-"], [[0, 0, 0], [0.5, 0.5, 0.5]])
    yield "NaCl primitive", group(225, cubic(5.6402), ["Na+", "Cl-"], [[0, 0, 0], [0.5, 0.5, 0.5]]).get_primitive_structure()
    yield "CsCl", group(221, cubic(4.1237), ["Cs+", "Cl-"], [[0, 0, 0], [0.5, 0.5, 0.5]])
    yield "ZnS sphalerite", group(216, cubic(5.4093), ["Zn2+", "S2-"], [[0, 0, 0], [0.25, 0.25, 0.25]])
    yield "ZnO wurtzite", group(186, hexagonal(3.2501, 5.2071), ["Zn2+", "O2-"], [[1 / 3, 2 / 3, 0], [1 / 3, 2 / 3, 0.3819]])
    yield "CaF2", group(225, cubic(5.4631), ["Ca2+", "F-"], [[0, 0, 0], [0.25, 0.25, 0.25]])
    yield "SrTiO3", group(221, cubic(3.9053), ["Sr2+", "Ti4+", "O2-"], [[0, 0, 0], [0.5, 0.5, 0.5], [0.5, 0.5, 0]])
    yield "BaTiO3 tetragonal", group(
        99, tetragonal(3.9937, 4.0381), ["Ba2+", "Ti4+", "O2-", "O2-"],
        [[0, 0, 0], [0.5, 0.5, 0.5131], [0.5, 0.5, 0.9767], [0.5, 0, 0.4867]],
    )
    yield "TiO2 rutile", group(136, tetragonal(4.5941, 2.9589), ["Ti4+", "O2-"], [[0, 0, 0], [0.3053, 0.3053, 0]])
    yield "TiO2 anatase", group(141, tetragonal(3.7842, 9.5146), ["Ti", "O"], [[0, 0, 0], [0, 0, 0.2081]])
    yield "MgAl2O4 primitive", group(
        227, cubic(8.0831), ["Mg2+", "Al3+", "O2-"], [[0, 0, 0], [0.625, 0.625, 0.625], [0.3874, 0.3874, 0.3874]]
    ).get_primitive_structure()
    yield "Al2O3 primitive", group(
        167, hexagonal(4.7607, 12.9947), ["Al3+", "O2-"], [[0, 0, 0.3522], [0.3063, 0, 0.25]]
    ).get_primitive_structure()
    yield "quartz", group(154, hexagonal(4.9137, 5.4047), ["Si", "O"], [[0.4697, 0, 2 / 3], [0.4133, 0.2672, 0.7855]])
    yield "MoS2 2H", group(194, hexagonal(3.1612, 12.2991), ["Mo", "S"], [[1 / 3, 2 / 3, 0.25], [1 / 3, 2 / 3, 0.6211]])
    yield "Bi2Te3 primitive", group(
        166, hexagonal(4.3853, 30.4871), ["Bi", "Te", "Te"], [[0, 0, 0.4001], [0, 0, 0], [0, 0, 0.2097]]
    ).get_primitive_structure()
    yield "CaTiO3", group(
        62, orthorhombic(5.4423, 7.6409, 5.3801), ["Ca2+", "Ti4+", "O2-", "O2-"],
        [[0.0359, 0.25, 0.9924], [0, 0, 0.5], [0.4838, 0.25, 0.0711], [0.2887, 0.0373, 0.7111]],
    )
    yield "LiFePO4", group(
        62, orthorhombic(10.3321, 6.0103, 4.6927), ["Li+", "Fe2+", "P5+", "O2-", "O2-", "O2-"],
        [[0, 0, 0], [0.2822, 0.25, 0.9747], [0.0948, 0.25, 0.4182], [0.0968, 0.25, 0.7428], [0.4571, 0.25, 0.2061],
         [0.1656, 0.0465, 0.2848]],
    )
    yield "ZrO2 baddeleyite", group(
        14, monoclinic(5.1505, 5.2117, 5.3173, 99.231), ["Zr", "O", "O"],
        [[0.2754, 0.0395, 0.2083], [0.0702, 0.3317, 0.3447], [0.4496, 0.7569, 0.4792]],
    )
    yield "YBa2Cu3O7", group(
        47, orthorhombic(3.8227, 3.8872, 11.6802), ["Y", "Ba", "Cu", "Cu", "O", "O", "O", "O"],
        [[0.5, 0.5, 0.5], [0.5, 0.5, 0.1843], [0, 0, 0], [0, 0, 0.3556], [0, 0.5, 0], [0.5, 0, 0.3773], [0, 0.5, 0.3789],
         [0, 0, 0.1584]],
    )
    yield "Xe", group(225, cubic(6.1971), ["Xe"], [[0, 0, 0]])
    yield "CO2", group(205, cubic(5.6243), ["C", "O"], [[0, 0, 0], [0.1185, 0.1185, 0.1185]])
    yield "NaCl skewed", transformed(
        group(225, cubic(5.6402), ["Na+", "Cl-"], [[0, 0, 0], [0.5, 0.5, 0.5]]).get_primitive_structure(),
        [[1, 0, 0], [3, 1, 0], [-2, 4, 1]],
    )
    yield "SrTiO3 supercell", transformed(
        group(221, cubic(3.9053), ["Sr2+", "Ti4+", "O2-"], [[0, 0, 0], [0.5, 0.5, 0.5], [0.5, 0.5, 0]]), [2, 2, 1]
    )
    yield "BN slab", Structure(
        hexagonal(2.5047, 15.3071), ["B", "N"], [[1 / 3, 2 / 3, 0.5], [2 / 3, 1 / 3, 0.5]]
    )
    yield "charged cell", group(221, cubic(3.9053), ["Sr2+", "Ti3+", "O2-"], [[0, 0, 0], [0.5, 0.5, 0.5], [0.5, 0.5, 0]])
    yield "triclinic 4", random_structure(1, ["Na", "Na", "Cl", "O"], (4.713, 5.291, 6.117), (81.3, 95.7, 104.9), 1.9)
    yield "triclinic 7", random_structure(2, ["K", "Mn", "Mn", *["F"] * 4], (5.337, 5.931, 7.129), (77.1, 88.2, 66.3), 1.8)
    yield "random 13", random_structure(3, ["La", "Ni", "Ni", *["H"] * 10], (6.137, 5.773, 6.931), (90, 101.7, 90), 1.2)
    yield "random 24", random_structure(4, [*["Cs"] * 4, *["Pb"] * 4, *["I"] * 16], (10.73, 9.91, 11.57), (85, 97, 110), 2.4)
    yield "random 40", random_structure(5, [*["Li"] * 8, *["P"] * 8, *["S"] * 24], (9.31, 10.17, 11.23), (91, 88, 95), 1.9)
    yield "Fe3O4 mixed valence", group(
        227, cubic(8.3941), ["Fe3+", "Fe2+", "O2-"], [[0, 0, 0], [0.625, 0.625, 0.625], [0.3799, 0.3799, 0.3799]]
    ).get_primitive_structure()
    yield "CuAu disordered", group(225, cubic(3.8721), [{"Cu": 0.5, "Au": 0.5}], [[0, 0, 0]])
    yield "Na(Cl,Br) disordered", group(
        225, cubic(5.7613), [{"Na+": 0.75}, {"Cl-": 0.5, "Br-": 0.25}], [[0, 0, 0], [0.5, 0.5, 0.5]]
    )


def occupant(species, occupancy):
    oxidation = getattr(species, "oxi_state", None)
    return {"element": species.symbol, "occupancy": occupancy, "oxidation": oxidation}


def main():
    structures = []
    for name, structure in build():
        sites = [
            {"frac": site.frac_coords.tolist(), "occupants": [occupant(s, float(x)) for s, x in site.species.items()]}
            for site in structure
        ]
        structures.append({"name": name, "lattice": structure.lattice.matrix.tolist(), "sites": sites})
    lines = ",\n".join(json.dumps(structure) for structure in structures)
    (HERE / "structures.json").write_text(f"[\n{lines}\n]\n")


if __name__ == "__main__":
    main()
