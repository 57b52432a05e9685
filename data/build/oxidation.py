"""Rebuilds the oxidation-state tables under data/oxidation/ from pymatgen-core 2026.10.16 and SMACT 4.0.2.

    pip install pymatgen-core==2026.10.16 smact==4.0.2
    python data/build/oxidation.py            # writes data/oxidation/*.{csv,toml}
    python data/build/oxidation.py --check    # writes nothing, fails if a .csv would change
"""

import csv
import hashlib
import io
import json
import pathlib
import sys
import warnings
from importlib.metadata import version

warnings.simplefilter("ignore")

import pymatgen.core.composition as pymatgen_composition  # noqa: E402
import smact  # noqa: E402
from monty.serialization import loadfn  # noqa: E402
from pymatgen.core import Element, Species  # noqa: E402
from smact.screening import MIXED_VALENCE_ELEMENTS  # noqa: E402

DATA = pathlib.Path(__file__).resolve().parent.parent / "oxidation"
RETRIEVED = "2026-11-23"
PINNED = {"smact": "4.0.2", "pymatgen-core": "2026.10.16"}
SYMBOLS = [Element.from_Z(z).symbol for z in range(1, 119)]
SMACT_SYMBOLS = smact.ordered_elements(1, 103)

SYMBOL = {"symbol": ("text", "element")}
STATES = SYMBOL | {"states": ("text", "oxidation states separated by spaces, in the order of the source")}
COUNTS = SYMBOL | {"oxidation_state": ("e", "oxidation state"), "count": ("1", "occurrences")}
SMACT_PAPER = ["10.1016/j.chempr.2016.09.010", "https://github.com/WMD-group/SMACT"]
PYMATGEN_PAPER = ["10.1016/j.commatsci.2012.10.028", "https://github.com/materialsproject/pymatgen-core"]
SMACT_MIT = "MIT (the SMACT package)"
PYMATGEN_MIT = "MIT (the pymatgen-core package)"
ICSD_DERIVED = "; counted in the ICSD, whose own terms cover its entries, not such counts as far as is known"
NO_STATES = "the source lists no state: the element is undecided, never assumed neutral"


def states(lists):
    return [[s, " ".join(str(q) for q in lists.get(s) or [])] for s in SYMBOLS]


def smact_states(attribute):
    return states({s: getattr(smact.Element(s), attribute) for s in SMACT_SYMBOLS})


def icsd24():
    with open(pathlib.Path(smact.data_directory) / "oxidation_states_icsd24_counts.json") as file:
        rows = json.load(file)
    order = {s: z for z, s in enumerate(SYMBOLS)}
    kept = [(r["element"], r["oxidation_state"], r["results_count"]) for r in rows if r["results_count"] > 0]
    return sorted(kept, key=lambda row: (order[row[0]], row[1]))


def pymatgen_occurrence():
    path = pathlib.Path(pymatgen_composition.MODULE_DIR) / "icsd_bv.yaml"
    found = [(Species.from_str(name), count) for name, count in loadfn(path)["occurrence"].items()]
    assert all(species.oxi_state == int(species.oxi_state) and count == int(count) for species, count in found)
    return sorted(
        ((species.symbol, int(species.oxi_state), count) for species, count in found),
        key=lambda row: (SYMBOLS.index(row[0]), row[1]),
    )


def smact_elements():
    rows = []
    for symbol in SMACT_SYMBOLS:
        chi = smact.Element(symbol).pauling_eneg
        chi = "" if chi is None else repr(chi)
        rows.append([symbol, chi, int(symbol in smact.metals), int(symbol in MIXED_VALENCE_ELEMENTS)])
    return rows


def without(rows):
    known = {row[0] for row in rows if row[1] != ""}
    return "none for " + ", ".join(s for s in SYMBOLS if s not in known)


def smact_card(title, source, commercial_use, gaps="", licence=SMACT_MIT):
    return dict(
        title=title, version="smact-4.0.2", source=f"SMACT 4.0.2, data/{source}", references=SMACT_PAPER,
        licence=licence, commercial_use=commercial_use, gaps=gaps, missing=NO_STATES,
    )


def pymatgen_card(title, source, commercial_use, gaps="", missing=NO_STATES, licence=PYMATGEN_MIT):
    return dict(
        title=title, version="pymatgen-core-2026.10.16", source=f"pymatgen-core 2026.10.16, {source}",
        references=PYMATGEN_PAPER, licence=licence, commercial_use=commercial_use, gaps=gaps, missing=missing,
    )


def tables():
    """name: (columns, rows, card)."""
    return {
        "icsd24": (COUNTS, icsd24(), smact_card(
            "Oxidation states reported in the ICSD (2024) with the number of reports",
            "oxidation_states_icsd24_counts.json (rows with a count above zero)", "unknown",
            licence=SMACT_MIT + ICSD_DERIVED)),
        "smact14": (STATES, smact_states("oxidation_states_smact14"), smact_card(
            "Oxidation states of SMACT, compiled by hand in 2014", "oxidation_states.txt", "yes")),
        "icsd16": (STATES, smact_states("oxidation_states_icsd16"), smact_card(
            "Oxidation states found in the ICSD (2016), spurious ones removed", "oxidation_states_icsd.txt", "unknown",
            licence=SMACT_MIT + ICSD_DERIVED)),
        "pymatgen_sp": (STATES, smact_states("oxidation_states_sp"), smact_card(
            "Oxidation states known to pymatgen's structure predictor (2017)", "oxidation_states_SP.txt", "unknown",
            licence=SMACT_MIT + ICSD_DERIVED)),
        "wiki": (STATES, smact_states("oxidation_states_wiki"), smact_card(
            "Oxidation states listed by Wikipedia (2022-09-22), zero included; SMACT itself warns that they are very inclusive", "oxidation_states_wiki.txt", "unknown",
            licence=SMACT_MIT + "; the page is CC-BY-SA")),
        "pymatgen_icsd": (STATES, states({s: Element(s).icsd_oxidation_states for s in SYMBOLS}), pymatgen_card(
            "Oxidation states with at least ten instances in the ICSD and one per cent of the element's entries",
            "periodic_table.json, \"ICSD oxidation states\"", "unknown",
            licence=PYMATGEN_MIT + ICSD_DERIVED)),
        "pymatgen_common": (STATES, states({s: Element(s).common_oxidation_states for s in SYMBOLS}), pymatgen_card(
            "Common oxidation states", "periodic_table.json, \"Common oxidation states\"", "yes")),
        "pymatgen_occurrence": (COUNTS, pymatgen_occurrence(), pymatgen_card(
            "Occurrences of oxidation states in the ICSD, the prior of pymatgen's guess", "icsd_bv.yaml, \"occurrence\"",
            "unknown", missing="a species without line has the prior zero", licence=PYMATGEN_MIT + ICSD_DERIVED)),
        "smact_elements": (
            SYMBOL | {
                "electronegativity": ("1", "Pauling electronegativity as SMACT has it"),
                "metal": ("1", "1 for the elements that SMACT counts as metals"),
                "mixed_valence": ("1", "1 for the elements to which SMACT allows several states in one compound"),
            },
            smact_elements(),
            smact_card("Electronegativities and element classes of SMACT", "element_data.txt; metals; screening.MIXED_VALENCE_ELEMENTS",
                "yes") | dict(
                missing="not known: the order of electronegativities is undecided"),
        ),
    }


def text(value):
    return json.dumps(value, ensure_ascii=False)


def card(name, content, columns, spec):
    lines = [f"name = {text(name)}"]
    lines += [f"{key} = {text(spec[key])}" for key in ("title", "version", "source", "references", "licence", "commercial_use")]
    lines += [f"retrieved = {text(RETRIEVED)}", f"sha256 = {text(hashlib.sha256(content.encode()).hexdigest())}"]
    lines += ['script = "data/build/oxidation.py"', f"gaps = {text(spec['gaps'])}", f"missing = {text(spec['missing'])}", "", "[columns]"]
    lines += [f"{text(column)} = {{ unit = {text(unit)}, meaning = {text(meaning)} }}" for column, (unit, meaning) in columns.items()]
    return "\n".join(lines) + "\n"


def main():
    for package, pinned in PINNED.items():
        assert version(package) == pinned, f"{package} is {version(package)}, expected {pinned}"
    for name, (columns, rows, spec) in tables().items():
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(rows)
        content = out.getvalue()
        spec["gaps"] = spec["gaps"] or without(rows)
        target = DATA / f"{name}.csv"
        if "--check" in sys.argv:
            assert target.read_text() == content, f"{target.name} would change"
            continue
        target.parent.mkdir(exist_ok=True)
        target.write_text(content, newline="\n")
        target.with_suffix(".toml").write_text(card(name, content, columns, spec), newline="\n")


main()
