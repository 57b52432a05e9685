"""Every structure descriptor on some 390 real structures of 1 to 100 atoms, against matminer 0.10.1 and DScribe 2.1.2.

    pip install matminer==0.10.1 pymatgen-core==2026.10.16 dscribe==2.1.2 h5py
    python benches/peers/structure_agreement.py peer CACHE [--only xrd,rdf] [--seconds 500]
    python benches/peers/structure_agreement.py compare CACHE target/release/matsieve [--only xrd,rdf] [--list 20]
    python benches/peers/structure_agreement.py explain CACHE

CACHE is a folder outside the repository. `peer` takes the structures from the data folder (MATSIEVE_DATASETS, default
../shared/datasets), writes them to CACHE/inputs.jsonl, and the reference's values to CACHE/peer.jsonl; it takes hours of one
core and goes on where it stopped. `compare` runs `matsieve featurize` (`screen` where a descriptor has parameters) on the
same file, and prints, for each descriptor, structures and values compared, how many values differ by more than 1e-6 of
max(|reference|, largest value of the column), the largest difference, and what either side refuses. `explain` computes the
reference again where they differ, with a cut-off of 30 A for Voronoi cells, and on moved crystals for order parameters; the
next `compare` says how many differences these explain.

What differs, and why:

- Slabs and wide pores: matminer refuses cells that 13 A (`voronoi_fingerprint` 6.5 A) leave open, and `bond_lengths` and
  `bond_angles` do not see atoms beyond; with 30 A it agrees.
- `voronoi_fingerprint_matminer`, `bond_angles`: facets and edges of some 1e-10 A, which digits of the file make, count on one side
  (Q9).
- `rdf`, `rdf_matminer`, `partial_rdf`: distances within 1e-8 A of the edge of a bin, such as 3.4 A between layers of graphite.
- `partial_rdf` of H, N, O, F, Cl: matminer takes the number of atoms from the formula O2 and halves the values.
- `symmetry`, `symmetry_matminer`, `structural_complexity`: spglib finds the group that moyo finds at 1.05 to 2 times the tolerance.
- `op_site_fingerprint`, `crystal_nn_fingerprint`: matminer's body-centred cubic order depends on the order of neighbours, its
  octahedral one on a test at machine epsilon, and bins of 0.001 on rounding: its own values differ when the crystal moves.
- `orbital_field_matrix`: slabs as above; matminer takes one site of each orbit, and the sites of an orbit differ by what spglib's
  tolerance allows.
- `ewald_energy`: where pymatgen cannot guess oxidation states, ours is NaN.
"""

import argparse
import collections
import json
import math
import pathlib
import subprocess
import sys
import tempfile
import time

import numpy as np

import structure_peers as peers

# Seconds after which a reference counts as refused.
LIMIT = 1200


def peer(options):
    peers.check_versions()
    options.cache.mkdir(parents=True, exist_ok=True)
    inputs = options.cache / "inputs.jsonl"
    if not inputs.exists():
        peers.write_inputs(inputs)
    kept = options.cache / "peer.jsonl"
    done = set()
    if kept.exists():
        # Whoever stopped it may have done so in the middle of a line.
        text = kept.read_bytes()
        kept.write_bytes(text[: text.rfind(b"\n") + 1])
        done = {(line["id"], line["descriptor"]) for line in map(json.loads, kept.read_text().splitlines())}
    build, differing = peers.references(), None
    if options.what == "explain":
        build = peers.other_settings()
        differing = json.loads((options.cache / "differ.json").read_text())
    wanted = [name for name in build if not options.only or name.split("@")[0] in options.only]
    featurizers = {name: build[name]() for name in wanted}
    begun = time.monotonic()
    with kept.open("a") as file:
        for place, (identity, structure) in enumerate(peers.read_inputs(inputs)):
            missing = [name for name in wanted if (identity, name) not in done]
            if differing is not None:
                missing = [name for name in missing if identity in differing.get(name.split("@")[0], [])]
            if not missing:
                continue
            if options.seconds and time.monotonic() - begun > options.seconds:
                sys.exit(f"stopped before structure {place}; run it again to go on")
            with peers.shared_tessellations():
                for name in missing:
                    line = {"id": identity, "descriptor": name}
                    start = time.perf_counter()
                    try:
                        with peers.time_limit(LIMIT):
                            # A copy: some featurizers take oxidation states from the structure itself.
                            row = featurizers[name][1](structure.copy())
                            line["row"] = [float(value) for value in np.ravel(row)]
                    except Exception as error:  # the reference refuses
                        line["refused"] = f"{type(error).__name__}: {error}"[:200]
                    line["seconds"] = round(time.perf_counter() - start, 4)
                    file.write(json.dumps(line) + "\n")
            file.flush()
            print(place, identity, len(structure), f"{time.monotonic() - begun:.0f} s", flush=True)


def ours(program, inputs, name, folder):
    """Labels, rows by id, and faults by id."""
    import h5py

    out = folder / f"{name}.h5"
    if name in peers.PARAMETERS:
        parameters = "".join(f"{key} = {json.dumps(value)}\n" for key, value in peers.PARAMETERS[name].items())
        plan = folder / f"{name}.toml"
        plan.write_text(
            f'[source]\npymatgen-json = "{inputs.resolve()}"\n[[descriptor]]\nname = "{name}"\n{parameters}'
            '[sink]\nstore = "all"\ndtype = "f64"\n'
        )
        command = [program, "screen", plan]
    else:
        command = [program, "featurize", inputs, "--descriptors", name]
    ran = subprocess.run([*command, "-o", out, "--threads", "1", "-q"], capture_output=True, text=True)
    if ran.returncode not in (0, 2):
        sys.exit(f"{name}: {ran.stderr}")
    with h5py.File(out) as file:
        text = lambda path: file[path].asstr()[:]  # noqa: E731
        group = f"features/{name}"
        rows = dict(zip(text("candidates/id"), file[f"{group}/values"][:]))
        faults = {}
        if "quarantine" in file:
            faults = dict(zip(text("quarantine/id"), map(": ".join, zip(text("quarantine/code"), text("quarantine/detail")))))
        return list(text(f"{group}/columns")), rows, faults


def descriptors(program):
    listed = json.loads(subprocess.run([program, "list", "descriptors", "--json"], check=True, capture_output=True).stdout)
    of_structures = lambda entry: entry.get("needs", {}).get("structure") or entry["name"] in peers.PARAMETERS  # noqa: E731
    return [entry["name"] for entry in listed if of_structures(entry)]


def agreement(labels, rows, expected, scale):
    """Values compared, names of structures with their differing columns, largest difference among all values."""
    count, worst, wrong = 0, 0.0, {}
    for identity, row in expected.items():
        if identity not in rows:
            continue
        found, reference = rows[identity], np.array(row)
        apart = np.abs(found - reference) / np.maximum(np.abs(reference), scale)
        both = np.isnan(found) & np.isnan(reference)
        apart = np.where(both, 0.0, np.where(np.isnan(apart), math.inf, apart))
        # An infinite reference (a ratio of nothing) says the same as our NaN.
        apart = np.where(np.isnan(found) & np.isinf(reference), 0.0, apart)
        count += len(labels)
        worst = max(worst, float(apart.max()))
        if (apart > peers.TOLERANCE).any():
            wrong[identity] = np.flatnonzero(apart > peers.TOLERANCE), apart
    return count, worst, wrong


def compare(options):
    inputs = options.cache / "inputs.jsonl"
    sizes = {identity: len(structure) for identity, structure in peers.read_inputs(inputs)}
    kept = collections.defaultdict(dict)
    refused = collections.defaultdict(dict)
    for line in map(json.loads, (options.cache / "peer.jsonl").read_text().splitlines()):
        (kept if "row" in line else refused)[line["descriptor"]][line["id"]] = line.get("row", line.get("refused"))
    differ = {}
    names = [name for name in descriptors(options.program) if not options.only or name in options.only]
    print("descriptor\tstructures\tvalues\tstructures that differ\tvalues that differ\tlargest difference\trefused here\trefused there")
    with tempfile.TemporaryDirectory() as folder:
        for name in names:
            if name not in kept:
                print(f"{name}\tno reference")
                continue
            labels, rows, faults = ours(options.program, inputs, name, pathlib.Path(folder))
            # matminer's cut-off reaches less far than cells: with a longer one it computes what its definition says.
            expected = kept[name]
            finite = np.array(list(expected.values()), float)
            finite[~np.isfinite(finite)] = 0.0
            scale = np.maximum(np.abs(finite).max(axis=0), peers.SMALLEST_SCALE)
            count, worst, wrong = agreement(labels, rows, expected, scale)
            differ[name] = [*wrong, *(identity for identity in refused[name] if identity in rows)]
            compared = sum(identity in rows for identity in expected)
            values = sum(len(columns) for columns, _ in wrong.values())
            only_here = {identity: faults[identity] for identity in faults if identity in expected}
            print(
                f"{name}\t{compared}\t{count}\t{len(wrong)}\t{values}\t{worst:.1e}\t{len(faults)} ({len(only_here)} alone)\t"
                f"{len(refused[name])}",
                flush=True,
            )
            spread = kept.get(f"{name}@moved", {})
            if spread:
                within = [identity for identity in spread if identity in wrong and
                          (wrong[identity][1] * np.maximum(np.abs(expected[identity]), scale) <= 2 * np.array(spread[identity]) + 1e-6).all()]
                print(f"    within twice the reference's own spread when the crystal moves: {len(within)} of {len(wrong)}")
                for identity in within:
                    wrong.pop(identity)
            for other in [key for key in kept if key.startswith(f"{name}@") and key.endswith(" A")]:
                again = {identity: row for identity, row in kept[other].items() if identity in differ[name]}
                _, _, still = agreement(labels, rows, again, scale)
                print(f"    {other}: agrees on {len(again) - len(still)} of {len(again)} that differ or are refused")
                for identity in still:
                    wrong.setdefault(identity, still[identity])
                for identity in again:
                    if identity not in still:
                        wrong.pop(identity, None)
            for identity, fault in list(only_here.items())[: options.list]:
                print(f"    {identity}: {fault}")
            reasons = collections.Counter(reason[:90] for reason in refused[name].values())
            for reason, times in reasons.most_common(4 if options.list else 0):
                print(f"    refused there {times} times: {reason}")
            for identity, (columns, apart) in list(wrong.items())[: options.list]:
                column = int(np.argmax(apart))
                print(
                    f"    {identity} ({sizes[identity]} atoms): {len(columns)} columns, {labels[column]}: "
                    f"{rows[identity][column]:.9g}, reference {expected[identity][column]:.9g}"
                )


    (options.cache / "differ.json").write_text(json.dumps(differ))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("what", choices=["peer", "compare", "explain"])
    parser.add_argument("cache", type=pathlib.Path)
    parser.add_argument("program", nargs="?")
    parser.add_argument("--only", type=lambda text: text.split(","), default=[])
    parser.add_argument("--seconds", type=float, default=0.0)
    parser.add_argument("--list", type=int, default=0)
    options = parser.parse_args()
    if not peers.DATASETS.is_dir():
        sys.exit("skipped: no datasets")
    compare(options) if options.what == "compare" else peer(options)


if __name__ == "__main__":
    main()
