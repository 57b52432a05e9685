"""Oxidation states by bond valence of tests/golden/structures, from pymatgen-core 2026.10.16's BVAnalyzer.

    pip install pymatgen-core==2026.10.16
    python tests/golden/bond_valence/make.py        # writes valences.json: name -> states, or null where there are none
"""

import json
import pathlib
import warnings

warnings.simplefilter("ignore")

from pymatgen.core import Lattice, Structure  # noqa: E402
from pymatgen.core.bond_valence import BVAnalyzer  # noqa: E402

HERE = pathlib.Path(__file__).resolve().parent


def valences(record):
    if any(len(site["occupants"]) > 1 or site["occupants"][0]["occupancy"] < 1 for site in record["sites"]):
        return None
    symbols = [site["occupants"][0]["element"] for site in record["sites"]]
    structure = Structure(Lattice(record["lattice"]), symbols, [site["frac"] for site in record["sites"]])
    try:
        return BVAnalyzer(distance_scale_factor=1.0).get_valences(structure)
    except ValueError:
        return None


records = json.loads((HERE.parent / "structures" / "structures.json").read_text())
lines = [f"{json.dumps(record['name'])}: {json.dumps(valences(record))}" for record in records]
(HERE / "valences.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")
