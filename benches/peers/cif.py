"""CIF reading against gemmi 0.7.5 and pymatgen-core 2026.10.16: the same texts, agreement first, then files per second.

    pip install gemmi==0.7.5 pymatgen-core==2026.10.16
    python benches/peers/cif.py [--files 2000] [--pymatgen 200]

Texts: an even sample of the Materials Project files in mp_cif_*.tar.xz under MATSIEVE_DATASETS (default ../shared/datasets),
read into memory before anything is timed. gemmi: `cif.read_string`, `make_small_structure_from_block`, all sites of the unit cell.
pymatgen: `CifParser.from_str(…).parse_structures(primitive=False)`, over the first `--pymatgen` texts. One thread each.
"""

import argparse
import collections
import json
import os
import pathlib
import re
import subprocess
import tarfile
import tempfile
import time
import warnings

import gemmi
from pymatgen.io.cif import CifParser

warnings.simplefilter("ignore")

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
DATASETS = pathlib.Path(os.environ.get("MATSIEVE_DATASETS", ROOT.parent / "shared" / "datasets"))
PASSES = 5


def texts(count):
    found = []
    archives = sorted((DATASETS / "mp_cif").glob("mp_cif_*.tar.xz"))
    for archive in archives:
        share = -(-count // len(archives))
        with tarfile.open(archive) as members:
            for place, member in enumerate(members):
                if member.name.endswith(".cif") and place % 7 == 0:
                    found.append(members.extractfile(member).read())
                    share -= 1
                if share == 0:
                    break
    return found[:count]


def by_gemmi(text):
    small = gemmi.make_small_structure_from_block(gemmi.cif.read_string(text).sole_block())
    return small, small.get_all_unit_cell_sites()


def by_pymatgen(text):
    return CifParser.from_str(text).parse_structures(primitive=False)[0]


def best(function, inputs, passes):
    seconds = float("inf")
    for _ in range(passes):
        start = time.perf_counter()
        for item in inputs:
            function(item)
        seconds = min(seconds, time.perf_counter() - start)
    return seconds


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--files", type=int, default=2000)
    parser.add_argument("--pymatgen", type=int, default=200)
    options = parser.parse_args()
    raw = texts(options.files)
    decoded = [text.decode() for text in raw]
    with tempfile.TemporaryDirectory() as folder:
        source, told = pathlib.Path(folder) / "texts", pathlib.Path(folder) / "told"
        source.write_bytes(json.dumps([len(text) for text in raw]).encode() + b"\n" + b"".join(raw))
        command = ["cargo", "bench", "-q", "--bench", "peer_cif", "--", str(source), str(told)]
        run = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
        ours = float(run.stdout.strip())
        lines = [line.split("\t") for line in told.read_text().splitlines()]
    assert len(lines) == len(raw)
    for text, (sites, volume, formula) in zip(decoded, lines):
        small, unit_cell = by_gemmi(text)
        counted = collections.Counter(site.element.name for site in unit_cell)
        own = {symbol: float(amount) for symbol, amount in re.findall(r"([A-Z][a-z]?)([\d.]+)", formula)}
        assert int(sites) == len(unit_cell) and own == dict(counted), (sites, formula, counted)
        assert abs(float(volume) / small.cell.volume - 1) < 1e-9, (volume, small.cell.volume)
    few = []
    for text, (sites, volume, _) in zip(decoded[: options.pymatgen], lines):
        try:
            structure = by_pymatgen(text)
        except Exception:  # pymatgen cannot read some of them
            continue
        assert int(sites) == len(structure) and abs(float(volume) / structure.volume - 1) < 1e-9
        few.append(text)
    megabytes = sum(map(len, raw)) / 1e6
    print(f"{len(raw)} files, {megabytes:.1f} MB, agree with gemmi; {len(few)} of {options.pymatgen} with pymatgen\n")
    gemmi_rate = len(decoded) / best(by_gemmi, decoded, PASSES)
    pymatgen_rate = len(few) / best(by_pymatgen, few, 1)
    rate = len(raw) / ours
    print("| reader | files/s | MB/s | ours is faster by |\n|---|---|---|---|")
    for name, value in [("matsieve", rate), ("gemmi", gemmi_rate), ("pymatgen", pymatgen_rate)]:
        print(f"| {name} | {value:,.0f} | {value * megabytes / len(raw):,.1f} | {rate / value:.1f} |")


if __name__ == "__main__":
    main()
