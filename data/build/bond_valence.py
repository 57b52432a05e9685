"""Rebuilds data/bond_valence from pymatgen-core 2026.10.16 (MIT).

    pip install pymatgen-core==2026.10.16
    python data/build/bond_valence.py            # writes data/bond_valence/*.{csv,toml}
    python data/build/bond_valence.py --check    # writes nothing, fails if a .csv would change
"""

import hashlib
import json
import pathlib
import sys
import warnings
from importlib.metadata import version

warnings.simplefilter("ignore")

from pymatgen.core import Element  # noqa: E402
from pymatgen.core.bond_valence import BV_PARAMS, ELECTRONEG, ICSD_BV_DATA  # noqa: E402

FOLDER = pathlib.Path(__file__).resolve().parent.parent / "bond_valence"
RETRIEVED = "2026-11-27"
PINNED = "2026.10.16"


def okeeffe_brese():
    columns = {
        "symbol": ("text", "element"),
        "size": ("angstrom", "size parameter r"),
        "electronegativity": ("1", "electronegativity parameter c, in the scale of Allred and Rochow"),
        "anion_former": ("1", "1 for the elements whose bonds with others the parameters describe"),
    }
    rows = [
        [element.symbol, repr(float(BV_PARAMS[element]["r"])), repr(float(BV_PARAMS[element]["c"])), str(int(element in ELECTRONEG))]
        for element in sorted(BV_PARAMS, key=lambda element: element.Z)
    ]
    return columns, rows


def bond_valence_sums():
    columns = {
        "symbol": ("text", "element"),
        "oxidation_state": ("e", "oxidation state"),
        "mean": ("1", "mean bond-valence sum of such ions"),
        "deviation": ("1", "standard deviation of these sums"),
    }
    found = [
        (species.element.Z, int(species.oxi_state), data)
        for species, data in ICSD_BV_DATA.items()
        if species.oxi_state != 0 and data["std"] > 0
    ]
    rows = [
        [Element.from_Z(z).symbol, str(state), repr(float(data["mean"])), repr(float(data["std"]))]
        for z, state, data in sorted(found, key=lambda line: line[:2])
    ]
    return columns, rows


def card(name, title, source, references, licence, commercial, gaps, missing, columns, content):
    lines = [
        f'name = "{name}"', f'title = "{title}"', f'version = "pymatgen-core-{PINNED}"', f"source = {json.dumps(source)}",
        f"references = {json.dumps(references)}", f"licence = {json.dumps(licence)}", f'commercial_use = "{commercial}"',
        f'retrieved = "{RETRIEVED}"', f'sha256 = "{hashlib.sha256(content.encode()).hexdigest()}"',
        'script = "data/build/bond_valence.py"', f"gaps = {json.dumps(gaps)}", f"missing = {json.dumps(missing)}", "", "[columns]",
    ]
    lines += [f'"{column}" = {{ unit = "{unit}", meaning = {json.dumps(meaning)} }}' for column, (unit, meaning) in columns.items()]
    return "\n".join(lines) + "\n"


def main():
    assert version("pymatgen-core") == PINNED, version("pymatgen-core")
    tables = {
        "okeeffe_brese": (
            okeeffe_brese(),
            "Bond-valence parameters of the elements (O'Keeffe and Brese 1991)",
            f"pymatgen-core {PINNED}, core/bvparam_1991.yaml",
            ["10.1021/ja00009a002"],
            "MIT (the pymatgen-core package)",
            "yes",
            "noble gases, and elements that the paper leaves out",
            "there is no such element in the table",
        ),
        "bond_valence_sums": (
            bond_valence_sums(),
            "Bond-valence sums that ions have in the ICSD",
            f'pymatgen-core {PINNED}, core/icsd_bv.yaml, "bvsum"',
            ["10.1016/j.commatsci.2012.10.028"],
            "MIT (the pymatgen-core package); statistics of the ICSD, whose own terms cover its entries, not such statistics as far as is known",
            "unknown",
            "ions without a deviation, and those of charge zero, are left out",
            "the ion does not occur",
        ),
    }
    changed = False
    for name, ((columns, rows), title, source, references, licence, commercial, gaps, missing) in tables.items():
        content = "\n".join([",".join(columns), *(",".join(row) for row in rows)]) + "\n"
        path = FOLDER / f"{name}.csv"
        if "--check" in sys.argv:
            if not path.is_file() or path.read_text() != content:
                print(f"{name}: differs")
                changed = True
            continue
        FOLDER.mkdir(exist_ok=True)
        path.write_text(content)
        path.with_suffix(".toml").write_text(card(name, title, source, references, licence, commercial, gaps, missing, columns, content))
        print(f"{name}: {len(rows)} rows")
    sys.exit(changed)


main()
