"""Structure descriptors and neighbour lists per second of one core: matsieve, matminer 0.10.1, DScribe 2.1.2, vesin 0.6.2.

    pip install matminer==0.10.1 pymatgen-core==2026.10.16 dscribe==2.1.2 vesin==0.6.2
    python benches/peers/structure_speed.py describe CACHE [--only xrd,rdf] [--structures 30] [--skip 0]
    python benches/peers/structure_speed.py neighbors CACHE

CACHE is the folder of structure_agreement.py; its structures lie there in an order without meaning, so that the first ones are a
sample. Both sides describe the same ones, each with nothing kept from descriptor to descriptor; matminer runs in a plain loop
without its process pool. Values are compared first: differences beyond 1e-6 are counted. Builds and starts the bench
peer_structure_speed.
"""

import argparse
import ctypes
import json
import pathlib
import subprocess
import sys
import tempfile
import time

import numpy as np

import structure_peers as peers

# Odd digits, so that no pair lies at the cut-off within rounding.
CUTOFFS = (5.0137, 7.0137, 10.0137)


def bench(options, *arguments):
    started = [options.built] if options.built else ["cargo", "bench", "-q", "--bench", "peer_structure_speed", "--"]
    lines = subprocess.run([*started, *map(str, arguments)], cwd=peers.ROOT, check=True, capture_output=True, text=True).stdout.splitlines()
    return [line.split("\t") for line in lines]


def describe(options):
    lines = (options.cache / "inputs.jsonl").read_text().splitlines()[options.skip : options.skip + options.structures]
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        (folder / "input.jsonl").write_text("\n".join(lines) + "\n")
        (folder / "parameters.json").write_text(json.dumps(peers.PARAMETERS))
        structures = [structure for _, structure in peers.read_inputs(folder / "input.jsonl")]
        sizes = [len(structure) for structure in structures]
        print(f"{len(sizes)} structures of {min(sizes)} to {max(sizes)} atoms, mean {np.mean(sizes):.1f}", flush=True)
        ours = {name: (int(width), float(seconds)) for name, width, seconds in
                bench(options, "describe", folder / "input.jsonl", folder, folder / "parameters.json")}
        references = peers.references()
        print("descriptor\tµs/structure\tstructures/s\tpeer/s\tratio\tstructures that differ\trefused there", flush=True)
        for name, (width, seconds) in ours.items():
            if (options.only and name not in options.only) or name not in references:
                continue
            _, featurize = references[name]()
            rows, refused = [], 0
            # Processor time, which other work on the machine changes less than time by the clock.
            begun = time.process_time()
            for structure in structures:
                try:
                    rows.append(np.ravel(featurize(structure)).astype(float))
                except Exception:  # the reference refuses
                    refused += 1
                    rows.append(None)
            rate = len(rows) / (time.process_time() - begun)
            values = np.fromfile(folder / f"{name}.f64", "<f8").reshape(-1, width)
            known = np.array([row for row in rows if row is not None])
            found = values[[row is not None for row in rows]]
            scale = np.maximum(np.abs(np.where(np.isfinite(known), known, 0.0)).max(axis=0), peers.SMALLEST_SCALE)
            apart = np.abs(found - known) / np.maximum(np.abs(known), scale)
            differ = ~((apart <= peers.TOLERANCE) | ~np.isfinite(known) & ~np.isfinite(found)).all(axis=1)
            speed = len(values) / seconds
            print(f"{name}\t{1e6 / speed:.1f}\t{speed:.0f}\t{rate:.2f}\t{speed / rate:.0f}\t{differ.sum()}\t{refused}", flush=True)


def vesin_seconds(systems, cutoff):
    """Pairs, and seconds of all systems: of the C function alone, and of the Python class; the best of some passes."""
    from vesin import NeighborList, _c_api
    from vesin._c_lib import get_library

    library = get_library()
    options = _c_api.VesinOptions(cutoff, True, False, _c_api.VesinAutoAlgorithm, 0.0, 1, True, True, True)
    device = _c_api.VesinDevice(_c_api.VesinCPU, 0)
    doubles = ctypes.POINTER(ctypes.c_double)
    periodic = (ctypes.c_bool * 3)(True, True, True)
    found = _c_api.VesinNeighborList()
    python = NeighborList(cutoff=cutoff, full_list=True, n_threads=1)
    pairs = 0

    def core():
        nonlocal pairs
        pairs = 0
        for points, box in systems:
            error = ctypes.c_char_p()
            pointers = points.ctypes.data_as(doubles), len(points), box.ctypes.data_as(doubles)
            status = library.vesin_neighbors(*pointers, periodic, device, options, ctypes.byref(found), error)
            assert status == 0, error.value
            pairs += found.length

    def wrapped():
        for points, box in systems:
            python.compute(points, box, True, "PSdD", copy=False)

    seconds = [processor_seconds(run) for run in (core, wrapped)]
    library.vesin_free(found)
    return pairs, *seconds


def processor_seconds(run):
    """Of one pass, by the mean of at least three and half a second."""
    run()
    passes, begun = 0, time.process_time()
    while passes < 3 or time.process_time() - begun < 0.5:
        run()
        passes += 1
    return (time.process_time() - begun) / passes


def neighbors(options):
    lines = (options.cache / "inputs.jsonl").read_text().splitlines()
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "input.jsonl"
        path.write_text("\n".join(lines) + "\n")
        structures = [structure for _, structure in peers.read_inputs(path)]
        by_size = {"1 to 100 atoms": list(structures)}
        dense = [structure for structure in structures if 5 < structure.volume / len(structure) < 40]
        for atoms, count in ((1000, 6), (10_000, 2), (25_000, 1)):
            by_size[f"about {atoms} atoms"] = [enlarged(structure, atoms) for structure in dense[:count]]
        print("systems\tatoms\tcut-off\tpairs\tours µs/atom\tvesin C µs/atom\tvesin Python µs/atom\tratio C\tratio Python")
        for kind, systems in by_size.items():
            path.write_text("\n".join(json.dumps(peers.plain(kind, structure)) for structure in systems) + "\n")
            arrays = [(np.ascontiguousarray(s.cart_coords), np.ascontiguousarray(s.lattice.matrix)) for s in systems]
            atoms = sum(map(len, systems))
            for cutoff, pairs, seconds in bench(options, "neighbors", path, *CUTOFFS):
                count, core, wrapped = vesin_seconds(arrays, float(cutoff))
                assert count == int(pairs), (kind, cutoff, count, pairs)
                each = [1e6 * x / atoms for x in (float(seconds), core, wrapped)]
                print(f"{kind}\t{atoms}\t{cutoff}\t{pairs}\t{each[0]:.3f}\t{each[1]:.3f}\t{each[2]:.3f}\t"
                      f"{each[1] / each[0]:.2f}\t{each[2] / each[0]:.2f}", flush=True)
        one = [(np.zeros((1, 3)), 9.0 * np.eye(3))]
        _, core, wrapped = vesin_seconds(one * 100, 5.0)
        print(f"a call for one atom without neighbours: vesin C {1e4 * core:.1f} µs, Python {1e4 * wrapped:.1f} µs")


def enlarged(structure, atoms):
    """A supercell of about so many atoms, as near to a cube as the cell allows."""
    edge = (structure.volume / len(structure) * atoms) ** (1 / 3)
    heights = structure.volume / np.array([np.linalg.norm(np.cross(structure.lattice.matrix[k - 2], structure.lattice.matrix[k - 1]))
                                           for k in range(3)])
    return structure * np.maximum(1, np.rint(edge / heights)).astype(int)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("what", choices=["describe", "neighbors"])
    parser.add_argument("cache", type=pathlib.Path)
    parser.add_argument("--only", type=lambda text: text.split(","), default=[])
    parser.add_argument("--structures", type=int, default=30)
    parser.add_argument("--skip", type=int, default=0)
    parser.add_argument("--built", help="the bench where it is built already")
    options = parser.parse_args()
    if not peers.DATASETS.is_dir():
        sys.exit("skipped: no datasets")
    peers.check_versions()
    inputs = options.cache / "inputs.jsonl"
    if not inputs.exists():
        options.cache.mkdir(parents=True, exist_ok=True)
        peers.write_inputs(inputs)
    describe(options) if options.what == "describe" else neighbors(options)


if __name__ == "__main__":
    main()
