"""Pairs of real structures of one formula: matsieve's matcher and digests against pymatgen's StructureMatcher.

    cargo build --release --example match_structures
    python tests/peers/matcher.py target/release/examples/match_structures [--archives 1] [--pairs 3000]

Structures are Materials Project CIF files under MATSIEVE_DATASETS (default ../shared/datasets), read by pymatgen and handed on as
JSON; pairs are those of the same reduced formula, up to 40 sites. pymatgen compares with ElementComparator, as matsieve does.
"""

import argparse
import collections
import json
import os
import pathlib
import subprocess
import tarfile
import tempfile
import time
import warnings

warnings.simplefilter("ignore")

from pymatgen.core import Structure  # noqa: E402
from pymatgen.core.structure_matcher import ElementComparator, StructureMatcher  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
DATASETS = pathlib.Path(os.environ.get("MATSIEVE_DATASETS", ROOT.parent / "shared" / "datasets"))
MOST_SITES = 40


def texts(archives):
    """Reduced formula (as the files state it) and text of each file."""
    for number in range(archives):
        with tarfile.open(DATASETS / f"mp_cif/mp_cif_{number}.tar.xz") as archive:
            for member in archive:
                if member.name.endswith(".cif"):
                    text = archive.extractfile(member).read().decode()
                    formula = next(l for l in text.splitlines() if l.startswith("_chemical_formula_structural"))
                    yield formula.split(maxsplit=1)[1], pathlib.PurePath(member.name).stem, text


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("program")
    arguments.add_argument("--archives", type=int, default=1)
    arguments.add_argument("--pairs", type=int, default=3000)
    arguments = arguments.parse_args()
    by_formula = collections.defaultdict(list)
    for formula, name, text in texts(arguments.archives):
        by_formula[formula].append((name, text))
    structures, pairs = {}, []
    for formula in sorted(by_formula):
        members = []
        for name, text in by_formula[formula] if len(by_formula[formula]) > 1 else []:
            try:
                structure = Structure.from_str(text, fmt="cif")
            except Exception:  # pymatgen cannot read some of them
                continue
            if len(structure) <= MOST_SITES:
                structures[name] = structure
                members.append(name)
        pairs += [(a, b) for place, b in enumerate(members) for a in members[:place]]
        if len(pairs) >= arguments.pairs:
            break
    pairs = pairs[: arguments.pairs]
    used = sorted({name for pair in pairs for name in pair})
    place = {name: number for number, name in enumerate(used)}
    matcher = StructureMatcher(comparator=ElementComparator())
    begun = time.perf_counter()
    expected = [bool(matcher.fit(structures[a], structures[b])) for a, b in pairs]
    seconds = time.perf_counter() - begun
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "in.json"
        path.write_text(json.dumps([structures[name].as_dict() for name in used]))
        listed = pathlib.Path(folder) / "pairs.json"
        listed.write_text(json.dumps([[place[a], place[b]] for a, b in pairs]))
        done = subprocess.run([arguments.program, path, listed], capture_output=True, text=True, check=True)
    answer = json.loads(done.stdout)
    digests = answer["digests"]
    counts = collections.Counter()
    for (a, b), wanted, found in zip(pairs, expected, answer["fits"]):
        shared = digests[place[a]] == digests[place[b]] and digests[place[a]] != ""
        counts["pairs"] += 1
        counts["fit in pymatgen"] += wanted
        counts["the same answer"] += wanted == found
        counts["fit in pymatgen, digests shared"] += wanted and shared
        counts["no fit in pymatgen, digests shared"] += not wanted and shared
        counts["no fit in pymatgen, digests shared, told apart"] += not wanted and shared and not found
        if wanted != found:
            print(f"{a} {b} {structures[a].composition.reduced_formula}: pymatgen {wanted}, matsieve {found}")
            print(f"   {digests[place[a]]}\n   {digests[place[b]]}")
    for what, count in counts.items():
        print(f"{count:6} {what}")
    mine = answer["seconds"]
    print(f"pymatgen {seconds:.2f} s, matsieve {mine:.3f} s (reduced anew for each pair, as pymatgen does): {seconds / mine:.0f} times")


main()
