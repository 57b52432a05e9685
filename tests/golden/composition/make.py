"""Writes what matminer 0.10.1 gives for each line of compositions.txt, one file a descriptor (split at 190 KiB).

    pip install matminer==0.10.1 pymatgen-core==2026.10.16
    python tests/golden/composition/make.py
"""

import math
import pathlib
import warnings
from importlib.metadata import version

warnings.simplefilter("ignore")

from matminer.featurizers import composition as mm  # noqa: E402
from matminer.featurizers.conversions import CompositionToOxidComposition  # noqa: E402
from matminer.utils.data import DemlData  # noqa: E402
from pymatgen.core import Composition  # noqa: E402

HERE = pathlib.Path(__file__).resolve().parent
LIMIT = 190 * 1024
PINNED = {"matminer": "0.10.1", "pymatgen-core": "2026.10.16"}

# matminer raises KeyError for the first ionization energy of elements that are not in Deml's table, and with it loses
# the other 75 columns; a missing value is NaN here, as for every other property.
original = DemlData.get_elemental_property


def get_elemental_property(self, elem, property_name):
    if property_name == "first_ioniz" and elem.symbol not in self.all_props["ionization_en"]:
        return math.nan
    return original(self, elem, property_name)


DemlData.get_elemental_property = get_elemental_property

PRESET = mm.ElementProperty.from_preset
PLAIN = {
    "element_fraction": mm.ElementFraction(),
    "stoichiometry": mm.Stoichiometry(),
    "magpie": PRESET("magpie", impute_nan=False),
    "deml": PRESET("deml", impute_nan=False),
    "pymatgen_elemental": PRESET("matminer", impute_nan=False),
    "valence_orbital": mm.ValenceOrbital(impute_nan=False),
    "tm_fraction": mm.TMetalFraction(),
    "band_center": mm.BandCenter(impute_nan=False),
    "ion_property": mm.IonProperty(fast=True, impute_nan=False),
    "yang_solid_solution": mm.YangSolidSolution(impute_nan=False),
    "miedema": mm.Miedema(impute_nan=False),
}
# These want species: oxidation states are guessed first, max_sites = -50. No guess possible (fractional amounts, more
# than 50 atoms) or not ionic: matminer raises, which is NaN here.
CHARGED = {
    "oxidation_states": mm.OxidationStates(),
    "electronegativity_difference": mm.ElectronegativityDiff(),
    "electron_affinity": mm.ElectronAffinity(impute_nan=False),
}
GUESS = CompositionToOxidComposition()


def compositions():
    for line in (HERE / "compositions.txt").read_text().splitlines():
        words = line.split()
        yield Composition(dict(zip(words[::2], map(float, words[1::2])))).reduced_composition


def charged_row(featurizer, composition):
    try:
        return featurizer.featurize(GUESS.featurize(composition)[0])
    except Exception:
        return [math.nan] * len(featurizer.feature_labels())


def field(value):
    value = float(value)
    if math.isnan(value):
        return ""
    return str(int(value)) if value == int(value) and abs(value) < 1e15 else repr(value)


def write(name, featurizer, rows):
    for old in HERE.glob(f"{name}-*.csv"):
        old.unlink()
    header = ",".join(featurizer.feature_labels())
    parts, size = [[]], len(header)
    for row in rows:
        line = ",".join(map(field, row))
        if size + len(line) + 1 > LIMIT:
            parts.append([])
            size = len(header)
        parts[-1].append(line)
        size += len(line) + 1
    for number, lines in enumerate(parts, 1):
        (HERE / f"{name}-{number}.csv").write_text("\n".join([header, *lines]) + "\n", newline="\n")


def main():
    for package, pinned in PINNED.items():
        assert version(package) == pinned, f"{package} is {version(package)}, expected {pinned}"
    inputs = list(compositions())
    for name, featurizer in PLAIN.items():
        write(name, featurizer, [featurizer.featurize(c) for c in inputs])
    for name, featurizer in CHARGED.items():
        write(name, featurizer, [charged_row(featurizer, c) for c in inputs])


if __name__ == "__main__":
    main()
