"""Crystal descriptors against matminer 0.10.1: same structures, agreement reported, then structures per second of both.

    pip install matminer==0.10.1 pymatgen-core==2026.10.16
    python benches/peers/structure_scalars.py [--rows 320] [--timed 60] [--only xrd,rdf] [--no-timing]

Inputs: an even sample of the Materials Project CIF files of 1 to 100 atoms in mp_cif_0.tar.xz under MATSIEVE_DATASETS (default
../shared/datasets), read by pymatgen and handed on as JSON. Both sides use one thread; matminer runs in a plain loop without its
process pool, over the first `--timed` structures of descriptors that are slow there and over all others.
"""

import argparse
import collections
import importlib.util
import json
import os
import pathlib
import subprocess
import sys
import tarfile
import tempfile
import time
import warnings

warnings.simplefilter("ignore")

import numpy as np  # noqa: E402
from pymatgen.core import Structure  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
DATASETS = pathlib.Path(os.environ.get("MATSIEVE_DATASETS", ROOT.parent / "shared" / "datasets"))
TOLERANCE = 1e-6
SMALLEST_SCALE = 1e-6
MAX_ATOMS = 100


def module(name, path):
    spec = importlib.util.spec_from_file_location(name, path)
    loaded = importlib.util.module_from_spec(spec)
    sys.argv, arguments = [str(path), "none"], sys.argv
    try:
        spec.loader.exec_module(loaded)
    except KeyError:  # make.py runs main(), which knows no descriptor "none"
        pass
    sys.argv = arguments
    return loaded


def structures(count):
    """Ordered structures of 1 to 100 atoms, an even sample of one archive."""
    found = []
    with tarfile.open(DATASETS / "mp_cif/mp_cif_0.tar.xz") as archive:
        members = [m for m in archive.getmembers() if m.name.endswith(".cif")]
        step = max(1, len(members) // (count + count // 4))
        for member in members[::step]:
            try:
                structure = Structure.from_str(archive.extractfile(member).read().decode(), fmt="cif")
            except Exception:  # pymatgen cannot read some of them
                continue
            if structure.is_ordered and len(structure) <= MAX_ATOMS:
                found.append((member.name, structure))
            if len(found) == count:
                break
    return found


def record(name, structure):
    sites = [
        {"frac": s.frac_coords.tolist(), "occupants": [{"element": s.specie.symbol, "occupancy": 1.0,
                                                       "oxidation": getattr(s.specie, "oxi_state", None)}]}
        for s in structure
    ]
    return {"name": name, "lattice": structure.lattice.matrix.tolist(), "sites": sites}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=320)
    parser.add_argument("--timed", type=int, default=320)
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    if not DATASETS.is_dir():
        sys.exit("skipped: no datasets")
    peers = module("golden", ROOT / "tests/golden/crystal/make.py")
    peers.MAX_ATOMS = MAX_ATOMS
    peers.SPECIES = ["Na", "Ti", "O"]
    inputs = structures(options.rows)
    sizes = [len(s) for _, s in inputs]
    print(f"{len(inputs)} structures of {min(sizes)} to {max(sizes)} atoms, mean {np.mean(sizes):.1f}", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        table = pathlib.Path(folder) / "input.json"
        table.write_text(json.dumps([record(*item) for item in inputs]))
        command = ["cargo", "bench", "-q", "--bench", "peer_structure_scalars", "--", str(table), folder, str(MAX_ATOMS)]
        lines = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout.splitlines()
        ours = {name: (int(width), float(seconds)) for name, width, seconds in (line.split("\t") for line in lines)}
        wanted = set(filter(None, options.only.split(","))) or set(ours)
        print("descriptor\tagree\tdiffer\trefused there\tours/s\tmatminer/s\tratio", flush=True)
        for name in (n for n in ours if n in wanted):
            width, seconds = ours[name]
            values = np.fromfile(pathlib.Path(folder) / f"{name}.f64", "<f8").reshape(-1, width)
            _, featurize = peers.BUILD[name]()
            rows, refused = [], collections.Counter()
            begun = time.perf_counter()
            for _, structure in inputs[: options.timed]:
                try:
                    rows.append([float(x) for x in featurize(structure)])
                except Exception as error:  # matminer refuses
                    refused[type(error).__name__] += 1
                    rows.append(None)
            rate = len(rows) / (time.perf_counter() - begun)
            expected = np.array([r if r is not None else [np.nan] * width for r in rows])
            known = np.array([r is not None for r in rows])
            found = values[: len(rows)]
            scale = np.maximum(np.nanmax(np.abs(expected), axis=0), SMALLEST_SCALE)
            apart = np.abs(found - expected) / np.maximum(np.abs(expected), scale)
            same = (apart <= TOLERANCE) | (np.isnan(found) & np.isnan(expected))
            agree = same.all(axis=1)
            speed = len(values) / seconds
            print(f"{name}\t{(agree & known).sum()}\t{(~agree & known).sum()}\t{dict(refused) or 0}\t{speed:.0f}\t{rate:.2f}\t{speed / rate:.0f}", flush=True)
            for place in np.flatnonzero(~agree & known)[:12]:
                column = int(np.argmax(np.where(same[place], 0, np.nan_to_num(apart[place], nan=9.0))))
                print(f"    {inputs[place][0]} ({len(inputs[place][1])} atoms) column {column}: "
                      f"{found[place][column]:.9g}, matminer {expected[place][column]:.9g}", flush=True)


main()
