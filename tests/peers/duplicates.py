"""`duplicates = "match"` and "remove" of a screen against pymatgen's StructureMatcher on Materials Project files.

    python tests/peers/duplicates.py target/release/matsieve [--archives 1]

Screens whole archives under MATSIEVE_DATASETS (default ../shared/datasets) and lets pymatgen (default tolerances, ElementComparator) say the same:
each structure, in order, is compared with the earlier ones of its formula that are no duplicates, the earlier one first, as its
group_structures does (the order counts: of Na4CO4 and ZrH2 there are pairs that it matches in one order only). Formulas of which pymatgen cannot read a
file, or with more than 40 sites in one, are left out of the comparison. Prints differences and counts.
"""

import argparse
import collections
import os
import pathlib
import subprocess
import tempfile
import time
import warnings

import h5py

warnings.simplefilter("ignore")

import tarfile  # noqa: E402

from pymatgen.core import Structure  # noqa: E402
from pymatgen.core.structure_matcher import ElementComparator, StructureMatcher  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
DATASETS = pathlib.Path(os.environ.get("MATSIEVE_DATASETS", ROOT.parent / "shared" / "datasets"))
MOST_SITES = 40


def screen(program, archives, how, folder):
    inputs = ", ".join(f"'{path}'" for path in archives)
    plan, output = folder / f"{how}.toml", folder / f"{how}.h5"
    plan.write_text(
        f"[source]\ninput = [{inputs}]\n[[descriptor]]\nname = 'density'\n"
        f"[sink]\nstore = 'survivors'\n[rank]\nby = [{{ column = 'density', direction = 'max' }}]\nkeep = 10\nduplicates = '{how}'\n"
    )
    begun = time.perf_counter()
    subprocess.run([program, "screen", plan, "-o", output, "-q"], check=True)
    seconds = time.perf_counter() - begun
    with h5py.File(output) as file:
        # `<archive>!<member>#<record>`
        names = [origin.decode().rsplit("!", 1)[1].rsplit("#", 1)[0] for origin in file["candidates/origin"][:]]
        row = {index: place for place, index in enumerate(file["candidates/index"][:])}
        pairs = zip(file["duplicates/index"][:], file["duplicates/of"][:])
        return {names[row[a]]: names[row[b]] for a, b in pairs}, seconds


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("program", type=pathlib.Path)
    arguments.add_argument("--archives", type=int, default=1)
    arguments = arguments.parse_args()
    program = arguments.program.resolve()
    archives = [DATASETS / f"mp_cif/mp_cif_{number}.tar.xz" for number in range(arguments.archives)]
    with tempfile.TemporaryDirectory() as folder:
        found = {how: screen(program, archives, how, pathlib.Path(folder)) for how in ("match", "remove")}
    by_formula = collections.defaultdict(list)
    for path in archives:
        with tarfile.open(path) as archive:
            for member in archive:
                if member.name.endswith(".cif"):
                    text = archive.extractfile(member).read().decode()
                    formula = next(l for l in text.splitlines() if l.startswith("_chemical_formula_structural"))
                    by_formula[formula.split(maxsplit=1)[1]].append((member.name, text))
    matcher = StructureMatcher(comparator=ElementComparator())
    counts, spent = collections.Counter(), 0.0
    for members in by_formula.values():
        if len(members) == 1:
            continue
        try:
            structures = [(name, Structure.from_str(text, fmt="cif")) for name, text in members]
        except Exception:  # pymatgen cannot read some of them
            counts["formulas left out"] += 1
            continue
        if max(len(structure) for _, structure in structures) > MOST_SITES:
            counts["formulas left out"] += 1
            continue
        begun, kept, expected = time.perf_counter(), [], {}
        for name, structure in structures:
            same = next((other for other, earlier in kept if matcher.fit(earlier, structure)), None)
            if same is None:
                kept.append((name, structure))
            else:
                expected[name] = same
        spent += time.perf_counter() - begun
        counts["formulas compared"] += 1
        counts["structures of these formulas"] += len(members)
        counts["duplicates for pymatgen"] += len(expected)
        for how, (pairs, _) in found.items():
            mine = {name: pairs[name] for name, _ in members if name in pairs}
            counts[f"duplicates for {how}"] += len(mine)
            counts[f"the same duplicates of the same structures for {how}"] += len(mine.items() & expected.items())
            if how == "match" and mine != expected:
                print(f"{members[0][1].splitlines()[0][:60]}: pymatgen {expected}, matsieve {mine}")
    for what, count in sorted(counts.items()):
        print(f"{count:6} {what}")
    print(f"pymatgen: {spent:.1f} s of comparing; screens: " + ", ".join(f"{how} {s:.1f} s" for how, (_, s) in found.items()))


main()
