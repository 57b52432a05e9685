"""soap and acsf against DScribe 2.1.2: same structures, agreement asserted, then microseconds per atom of both.

    pip install dscribe==2.1.2 ase==3.29.0
    python benches/peers/soap.py [--rows 100] [--passes 5] [--only soap-mu2,...]

Inputs: the first Materials Project CIF files of 1 to 100 atoms in mp_cif_0.tar.xz under MATSIEVE_DATASETS (default
../shared/datasets) that hold no other elements than the eight of SPECIES, read by ASE. Both sides use one thread, and the same
list of species; DScribe's time is that of `create`, ours that of `describe`, neighbours included in both.
"""

import argparse
import io
import json
import os
import pathlib
import subprocess
import sys
import tarfile
import tempfile
import time
import warnings
from importlib.metadata import version

warnings.simplefilter("ignore")

import numpy as np  # noqa: E402
from ase.io import read  # noqa: E402
from dscribe.descriptors import ACSF, SOAP  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
DATASETS = pathlib.Path(os.environ.get("MATSIEVE_DATASETS", ROOT.parent / "shared" / "datasets"))
PINNED = {"dscribe": "2.1.2", "ase": "3.29.0"}
SPECIES = ["Li", "O", "Na", "Mg", "Al", "Si", "P", "S"]
MAX_ATOMS = 100
TOLERANCE = 1e-6
BASIS = {"r_cut": 6.0, "n_max": 8, "l_max": 6, "sigma": 0.4}
FUNCTIONS = {
    "r_cut": 6.0,
    "g2_params": [[1.0, 0.0], [0.5, 2.0], [1.0, 3.0], [4.0, 4.0]],
    "g4_params": [[0.005, 1.0, 1.0], [0.005, 1.0, -1.0], [0.005, 4.0, 1.0], [0.005, 4.0, -1.0]],
}


def soap(mode):
    given = {**BASIS, "compression": mode, **({"species": SPECIES} if mode == "off" else {})}
    peer = SOAP(
        **BASIS, species=SPECIES, periodic=True, average="outer", compression={"mode": mode, "species_weighting": None}
    )
    return "soap", given, peer.create


def acsf():
    peer = ACSF(**FUNCTIONS, species=SPECIES, periodic=True)
    return "acsf", {**FUNCTIONS, "species": SPECIES}, lambda atoms: peer.create(atoms).mean(axis=0)


RUNS = {"soap-off": lambda: soap("off"), "soap-mu2": lambda: soap("mu2"), "acsf": acsf}


def structures(count):
    found = []
    with tarfile.open(DATASETS / "mp_cif/mp_cif_0.tar.xz") as archive:
        for member in archive:
            if len(found) == count:
                break
            if not member.name.endswith(".cif"):
                continue
            text = archive.extractfile(member).read().decode()
            try:
                atoms = read(io.StringIO(text), format="cif")
            except Exception:  # ASE cannot read some of them
                continue
            occupied = atoms.info.get("occupancy", {}).values()
            ordered = all(list(site.values()) == [1.0] for site in occupied)
            if ordered and len(atoms) <= MAX_ATOMS and set(atoms.symbols) <= set(SPECIES):
                atoms.wrap()
                found.append(atoms)
    return found


def record(atoms):
    sites = [
        {"element": symbol, "frac": frac} for symbol, frac in zip(atoms.symbols, atoms.get_scaled_positions().tolist())
    ]
    return {"lattice": np.asarray(atoms.cell).tolist(), "sites": sites}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=100)
    parser.add_argument("--passes", type=int, default=5)
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    if not DATASETS.is_dir():
        sys.exit("skipped: no datasets")
    for package, pinned in PINNED.items():
        assert version(package) == pinned, f"{package} {version(package)}, expected {pinned}"
    wanted = [name for name in RUNS if not options.only or name in options.only.split(",")]
    runs = {name: RUNS[name]() for name in wanted}
    inputs = structures(options.rows)
    atoms = sum(map(len, inputs))
    print(f"{len(inputs)} structures, {atoms} atoms", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        document = {
            "structures": [record(item) for item in inputs],
            "runs": [{"name": n, "descriptor": kind, "parameters": given} for n, (kind, given, _) in runs.items()],
        }
        table = pathlib.Path(folder) / "input.json"
        table.write_text(json.dumps(document))
        command = ["cargo", "bench", "-q", "--bench", "peer_soap", "--", str(table), folder, str(options.passes)]
        lines = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout.splitlines()
        print("descriptor\tcolumns\tlargest difference\tours us/atom\tDScribe us/atom\tratio", flush=True)
        for name, width, seconds in (line.split("\t") for line in lines):
            create = runs[name][2]
            values = np.fromfile(pathlib.Path(folder) / f"{name}.f64", "<f8").reshape(len(inputs), int(width))
            best = float("inf")
            for _ in range(max(1, options.passes // 2)):
                begun = time.perf_counter()
                expected = [create(item) for item in inputs]
                best = min(best, time.perf_counter() - begun)
            expected = np.array(expected)
            # Columns that symmetry makes zero hold the rounding of DScribe's sums, about 1e-16 of the largest column.
            scale = np.maximum(np.abs(expected).max(axis=0), 1e-9 * np.abs(expected).max())
            worst = (np.abs(values - expected) / np.maximum(np.abs(expected), scale)).max()
            assert worst <= TOLERANCE, f"{name}: differs by {worst:.1e}"
            ours, theirs = 1e6 * float(seconds) / atoms, 1e6 * best / atoms
            print(f"{name}\t{width}\t{worst:.1e}\t{ours:.2f}\t{theirs:.2f}\t{theirs / ours:.1f}", flush=True)


main()
