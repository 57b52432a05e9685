"""Writes crystals.db, a database of ASE with structures written here, and expected.json, what ASE reads from it.

    pip install ase==3.29.0
    python tests/golden/ase_db/make.py
"""

import json
import pathlib
from importlib.metadata import version

import numpy as np
from ase import Atoms
from ase.calculators.singlepoint import SinglePointCalculator
from ase.db import connect

HERE = pathlib.Path(__file__).resolve().parent
assert version("ase") == "3.29.0"


def main():
    path = HERE / "crystals.db"
    path.unlink(missing_ok=True)
    with connect(path) as database:
        salt = Atoms("NaCl", scaled_positions=[[0, 0, 0], [0.5, 0.5, 0.5]], pbc=True,
                     cell=[[0, 2.82, 2.82], [2.82, 0, 2.82], [2.82, 2.82, 0]])
        salt.calc = SinglePointCalculator(salt, energy=-6.75, free_energy=-6.8, forces=[[0, 0, 0.3], [0, 0, -0.4]],
                                          stress=np.zeros(6), magmom=0.5)
        database.write(salt, key_value_pairs={"gap": 5.0, "stable": True, "note": "rock salt", "steps": 12},
                       data={"bands": np.arange(6.0).reshape(2, 3), "hull": {"distance": 0.25, "bad": float("nan")},
                             "list": [1, 2]})
        layer = Atoms("BN", positions=[[0, 0, 4.1], [0, 1.4493, 4.1]], pbc=[True, True, False],
                      cell=[[2.51, 0, 0], [-1.255, 2.1737, 0], [0, 0, 15.3]])
        database.write(layer, key_value_pairs={"uid": "BN-mono", "gap": 4.6})
        # Deleted rows leave gaps in the numbers.
        gone = database.write(Atoms("Po", cell=[3.3] * 3, pbc=True))
        # A molecule without a cell is no crystal.
        database.write(Atoms("H2", positions=[[0, 0, 0], [0, 0, 0.74]]))
        # Left-handed vectors, and a ghost atom.
        database.write(Atoms("CsCl", scaled_positions=[[0, 0, 0], [0.5, 0.5, 0.5]], pbc=True,
                             cell=[[0, 4.12, 0], [4.12, 0, 0], [0, 0, 4.12]]))
        database.write(Atoms("XCl", scaled_positions=[[0, 0, 0], [0.5, 0.5, 0.5]], cell=[4.12] * 3, pbc=True))
        database.delete([gone])
    expected = []
    with connect(path) as database:
        for row in database.select():
            atoms = row.toatoms()
            expected.append({
                "id": row.id,
                "symbols": atoms.get_chemical_symbols(),
                "volume": abs(float(np.linalg.det(atoms.cell.array))),
                "frac": atoms.get_scaled_positions(wrap=False).tolist() if atoms.cell.rank == 3 else None,
                "pairs": row.key_value_pairs,
                "energy": row.get("energy"),
                "free_energy": row.get("free_energy"),
                "magmom": row.get("magmom"),
                "fmax": row.get("fmax"),
                "distance": row.data.get("hull", {}).get("distance"),
            })
    (HERE / "expected.json").write_text(json.dumps(expected, indent=1) + "\n")


main()
