"""Times pymatgen-core 2026.10.16 and SMACT 4.0.2 on the formulas of benches/chemistry.rs, one thread, processor time.

    MATSIEVE_DATASETS=../shared/datasets python benches/peers/chemistry.py

That both give our answers on these rows is asserted by tests/chemistry_peers.rs, whose golden files come from the same functions.
"""

import pathlib
import sys
import time
import warnings

warnings.simplefilter("ignore")

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tests" / "golden" / "chemistry"))
import make  # noqa: E402
from pymatgen.core import Composition  # noqa: E402
from pymatgen.core.composition import _parse_formula_cached  # noqa: E402

GUESS = "matbench_tables/matbench_expt_gap.csv.gz"
VALIDITY = "crabnet_benchmark/OQMD_Bandgap/test.csv.gz"


def rate(name, items, work):
    start = time.process_time()
    for item in items:
        work(item)
    seconds = time.process_time() - start
    print(f"{name}: {len(items)} formulas, {len(items) / seconds:.0f} formulas/s")


def guess(composition):
    try:
        composition._get_oxi_state_guesses(False, -50, None, 0)
    except ValueError:  # too many sites, not integer
        pass


def main():
    formulas = make.column(VALIDITY)[::20]
    rate("parse (pymatgen)", formulas, lambda text: _parse_formula_cached.__wrapped__(text))
    easy = [text for text in make.column(GUESS)[::4] if not make.hard(text)]
    rate("guess (pymatgen)", [Composition(text) for text in easy], guess)
    compositions = [Composition(text) for text in formulas]
    for mode in ("default", "neutral_only", "mixed_valence"):
        rate(f"validity {mode} (SMACT)", compositions, lambda c: make.smact_validity(c, **make.MODES[mode]))


main()
