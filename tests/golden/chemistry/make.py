"""Writes the answers of pymatgen-core 2026.10.16 and SMACT 4.0.2 for the formulas of the shared data sets.

    MATSIEVE_DATASETS=../shared/datasets python tests/golden/chemistry/make.py [formula guess validity reduced]

The data sets are not copied: each expected file names its tables and holds one digest (first 16 hexadecimal digits of
SHA-256) for every block of answers, one answer a line. README.md says how an answer is written.
"""

import csv
import gzip
import hashlib
import json
import math
import os
import pathlib
import struct
import sys
import warnings
from importlib.metadata import version

warnings.simplefilter("ignore")

from pymatgen.core import Composition  # noqa: E402
from smact.screening import smact_validity  # noqa: E402

HERE = pathlib.Path(__file__).resolve().parent
DATASETS = pathlib.Path(os.environ.get("MATSIEVE_DATASETS", HERE.parents[3] / "shared" / "datasets"))
COLUMNS = ("formula", "composition", "FORMULA", "name")
BLOCK = 500


def tables():
    found = [p for folder in ("composition_sets", "crabnet_benchmark", "matbench_tables") for p in (DATASETS / folder).rglob("*.csv.gz")]
    return sorted(p.relative_to(DATASETS).as_posix() for p in found)


def column(table):
    with gzip.open(DATASETS / table, "rt", encoding="utf-8", newline="") as file:
        rows = csv.reader(file)
        header = next(rows)
        place = next(header.index(name) for name in COLUMNS if name in header)
        return [row[place] for row in rows]


def digest(lines):
    return hashlib.sha256("".join(line + "\n" for line in lines).encode()).hexdigest()[:16]


def blocks(lines):
    return [digest(lines[i : i + BLOCK]) for i in range(0, len(lines), BLOCK)]


def amounts(formula):
    try:
        composition = Composition(formula, strict=True)  # refuses dummies such as G
    except ValueError:
        return "refused"
    return " ".join(f"{e.symbol}:{struct.pack('>d', n).hex()}" for e, n in composition.items())


def make_formula():
    """Every row of every table: elements in order, amounts bit by bit."""
    return {table: {"rows": len(rows), "blocks": blocks([amounts(f) for f in rows])} for table in tables() for rows in [column(table)]}


def hard(formula):
    """Whether pymatgen would list more than some ten thousand combinations."""
    composition = Composition(formula).reduced_composition
    if composition.num_atoms > 50 or not all(n == int(n) for n in composition.values()):
        return False
    total, product = 0, 1
    for element, amount in composition.items():
        states = element.icsd_oxidation_states or element.common_oxidation_states
        combinations = math.comb(int(amount) + len(states) - 1, len(states) - 1) if states else 0
        total += combinations
        spread = (max(states) - min(states)) * int(amount) + 1 if states else 0
        product *= min(combinations, spread)
    return total > 20_000 or product > 30_000


def guess(formula):
    try:
        composition = Composition(formula)
        if hard(formula):
            return "skipped"
        _, found = composition._get_oxi_state_guesses(False, -50, None, 0)
    except ValueError:
        return "error"
    if not found:
        return "none"
    counts = {}
    for symbol, states in found[0].items():
        for state in states:
            counts[symbol, state] = counts.get((symbol, state), 0) + 1
    return " ".join(f"{symbol}{state:+d}:{count}" for (symbol, state), count in counts.items())


GUESS_TABLES = {
    "matbench_tables/matbench_expt_gap.csv.gz": 2,
    "composition_sets/roost_mp_non_metals.csv.gz": 12,
    "matbench_tables/matbench_log_kvrh.csv.gz": 8,
    "composition_sets/Supercon_data.csv.gz": 16,
}


def make_guess():
    """Every `step`-th row: species of the best guess as matminer takes it, in pymatgen's order."""
    expected = {}
    for table, step in GUESS_TABLES.items():
        answers = [guess(f) for f in column(table)[::step]]
        skipped = [i for i, answer in enumerate(answers) if answer == "skipped"]
        expected[table] = {"step": step, "rows": len(answers), "skipped": skipped, "blocks": blocks(answers)}
        print(table, len(answers), len(skipped), answers.count("none"), answers.count("error"), file=sys.stderr)
    return expected


VALIDITY_TABLES = {"crabnet_benchmark/OQMD_Bandgap/test.csv.gz": 2, "matbench_tables/matbench_expt_is_metal.csv.gz": 1}
MODES = {
    "default": {},
    "neutral_only": {"use_pauling_test": False, "include_alloys": False},
    "smact14": {"oxidation_states_set": "smact14"},
    "pymatgen_sp_no_alloys": {"oxidation_states_set": "pymatgen_sp", "include_alloys": False},
    "mixed_valence": {"mixed_valence": True, "include_alloys": False, "oxidation_states_set": "pymatgen_sp"},
}


def validity(formula, options):
    composition = Composition(formula)
    if not all(n == int(n) for n in composition.values()):
        return "fractional"
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            valid = smact_validity(composition, **options)
    except KeyError:
        return "unknown"
    if any("too many combinations" in str(w.message) for w in caught):
        return "gave-up"
    return "valid" if valid else "invalid"


def make_validity():
    """Every `step`-th row and mode: `valid` or `invalid`."""
    expected = {}
    for table, step in VALIDITY_TABLES.items():
        rows = column(table)[::step]
        expected[table] = {"step": step, "rows": len(rows), "modes": {}}
        for mode, options in MODES.items():
            answers = [validity(f, options) for f in rows]
            odd = {i: answer for i, answer in enumerate(answers) if answer not in ("valid", "invalid")}
            expected[table]["modes"][mode] = {"options": options, "odd": odd, "valid": answers.count("valid"), "blocks": blocks(answers)}
            print(table, mode, answers.count("valid"), len(rows), len(odd), file=sys.stderr)
    return expected


def reduced(formula):
    try:
        composition = Composition(formula, strict=True)  # refuses dummies such as G
    except ValueError:
        return "refused"
    small, factor = composition.get_reduced_composition_and_factor()
    return "\t".join([
        composition.reduced_formula, composition.hill_formula, composition.anonymized_formula,
        composition.formula, " ".join(f"{e.symbol}:{struct.pack('>d', n).hex()}" for e, n in small.items()),
    ])


REDUCED_TABLES = {
    "composition_sets/roost_mp_non_metals.csv.gz": 1,
    "composition_sets/Supercon_data.csv.gz": 1,
    "composition_sets/MPEA_dataset.csv.gz": 1,
    "matbench_tables/matbench_mp_e_form.csv.gz": 8,
}


def make_reduced():
    """Every `step`-th row: reduced, Hill, anonymous and full formula, and the reduced amounts bit by bit."""
    expected = {}
    for table, step in REDUCED_TABLES.items():
        rows = column(table)[::step]
        expected[table] = {"step": step, "rows": len(rows), "blocks": blocks([reduced(f) for f in rows])}
    return expected


def main():
    assert version("pymatgen-core") == "2026.10.16" and version("smact") == "4.0.2"
    for name in sys.argv[1:] or ["formula", "guess", "validity", "reduced"]:
        expected = globals()[f"make_{name}"]()
        text = json.dumps(expected, indent=None, separators=(",", ":")).replace("},", "},\n")
        (HERE / f"{name}.json").write_text(text + "\n")


if __name__ == "__main__":
    main()
