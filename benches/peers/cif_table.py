"""What matsieve, gemmi, pymatgen and ASE make of real CIF files: a table of read and quarantined, and every difference.

    pip install gemmi==0.7.5
    python benches/peers/cif_table.py [--skip mp_cif] [> benches/runs/<date>-cif/README.md]

Reads the CIF folders under MATSIEVE_DATASETS (default ../shared/datasets). What the others say comes from the
`expected_by_other_tools.csv` beside the files (gemmi 0.7.5, pymatgen 2026.10, ASE 3.29), for `mp_cif` from its index, for
`cif_curated_cofs` from gemmi, which runs here.

Where two of the three agree on composition, number of sites or volume, ours must agree. The script ends with an error if a
difference, or a file that another program reads and we do not, is not among EXPLAINED.
"""

import argparse
import collections
import csv
import gzip
import io
import os
import pathlib
import re
import subprocess
import sys
import tarfile
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
DATASETS = pathlib.Path(os.environ.get("MATSIEVE_DATASETS", ROOT.parent / "shared" / "datasets"))
TABLES = ["cif_pymatgen", "cif_gemmi", "cif_cif2cell", "cif_cod", "cif_cod_grammar"]
# Amounts: pymatgen prints six digits. Volumes: the tables have four decimals.
AMOUNT, VOLUME = 2e-4, 2e-4

# Why we differ, by folder and file. A file may stand in several groups of the table; one reason is enough.
NO_COORDINATES = "all coordinates are `?`; gemmi reports an atom without a place"
NOT_SHARED = "two or more full atoms on one place, occupancies are not given; the others stack them"
MAGNETIC = "magnetic operations, which gemmi and ASE do not apply; pymatgen agrees with us"
EXPLAINED = {
    "cif_pymatgen/bad_occu.cif": "occupancies of a site sum to 1.56; pymatgen refuses it too, gemmi and ASE do not add them up",
    "cif_pymatgen/LaMnO3_magnetic.mcif": MAGNETIC,
    "cif_pymatgen/Mn3Ge_IR2.mcif": MAGNETIC,
    "cif_pymatgen/magnetic.example.CuO.mcif": MAGNETIC,
    "cif_pymatgen/magnetic.ncl.example.GdB4.mcif": MAGNETIC,
    "cif_cod/014_hexabromoethane.cif": NO_COORDINATES,
    "cif_cod/1010800-no-spcgrp-info.cif": NO_COORDINATES,
    "cif_cod/6000106-with-cod-text.cif": NO_COORDINATES,
    "cif_cod/calcformula_unknown_coordinates.cif": NO_COORDINATES,
    "cif_cod/cod_citation_special_details.cif": NO_COORDINATES,
    "cif_cod/4303187-multiple-underscores.cif": "`__atom_site_fract_y` is no data name, so the atoms have no y",
    "cif_cod/missing_atom_fract_z.cif": "the atoms have no z",
    "cif_cod/2001495-incorrect-weighting-scheme.cif": NOT_SHARED,
    "cif_cod/2100831-incomplete-unit-cell-info.cif": NOT_SHARED,
    "cif_cod/9000087-no-occupancies.cif": NOT_SHARED,
    "cif_cod/2103187-misaligned-loop.cif": "rows of five values under four names: what the others read is shifted from row to row",
    "cif_cod/dummy_CIF_Core_2.4.4.cif": "a template whose cell is `?`",
    "cif_cod/item_recognition-cif_core.cif": "a list of data names whose cell is `?`",
    "cif_cod/missing-cell-constants.cif": "no b in a triclinic cell; gemmi and ASE take what they have for zero or one",
    "cif_cod_grammar/9003354-unexpected-loop-end.cif": "no cell; ASE reads a molecule without one",
    "cif_cod/1100015.cif": "H1 is a dummy (`_atom_site_calc_flag dum`, at -1, -1, -1), which pymatgen and ASE count",
    "cif_cod/1100107-spacegroup-with-underscore.cif": "`P2_1/n` has four operations; gemmi and pymatgen do not know the spelling and list one",
    "cif_cod/1516136.cif": "three methyl H lie 0.03 Å off a mirror that the file says they are on (multiplicity); with them merged "
    "the cell is 4 × the stated formula, the others have too many H",
    "cif_cod/2102165.cif": "disordered fullerene without occupancies: two full images 0.3 Å apart cannot be; gemmi has as many sites as we",
    "cif_cod/2102166.cif": "disordered fullerene without occupancies: two full images 0.3 Å apart cannot be; gemmi has as many sites as we",
    "cif_cod/2208311-zero-occupancies.cif": "atoms with occupancy 0 are nobody; gemmi and ASE list them",
    "cif_cod/8103382.cif": "the list of operations leaves out the identity; with it (group P n a 21, as the file says) the cell is 4 × the "
    "formula, as gemmi has it",
    "cif_cod/sg-symop-derivation-from-ssg-symop.cif": "operations of superspace, which pymatgen and ASE do not apply",
}


def amounts(formula):
    """Amounts of a formula such as `Na4 Cl3.5` or `Cl4Na4`; deuterium is hydrogen."""
    found = collections.Counter()
    for symbol, number in re.findall(r"([A-Z][a-z]?)(?:\d*[+-])?\s*([\d.]*(?:e-\d+)?)", formula or ""):
        found["H" if symbol in "DT" else symbol] += float(number or 1)
    return {symbol: amount for symbol, amount in found.items() if amount > 0}


def same_amounts(a, b):
    return a.keys() == b.keys() and all(abs(a[s] - b[s]) <= AMOUNT * max(1, a[s]) for s in a)


def same_volume(a, b):
    return abs(a - b) <= VOLUME * max(1, abs(a))


def ours(inputs):
    """What we make of each file: path as given, then a list of records."""
    command = ["cargo", "bench", "-q", "--bench", "peer_cif_table", "--", *map(str, inputs)]
    run = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    files = collections.defaultdict(list)
    for line in run.stdout.splitlines():
        origin, status, *rest = line.split("\t")
        name = origin.rsplit("#", 1)[0]
        if status == "ok":
            sites, occupants, volume, formula = rest
            record = dict(ok=True, sites=int(sites), occupants=int(occupants), volume=float(volume), formula=formula)
        else:
            record = dict(ok=False, code=rest[0], detail=rest[1])
        files[name].append(record)
    return files


def number(text):
    return float(text) if text else None


def theirs(row):
    """What each program says: number of sites, amounts, volume; missing where it cannot read the file or does not say."""
    out = {}
    if row["gemmi_parse"] == "ok" and number(row["gemmi_cell_sites"]):
        out["gemmi"] = dict(sites=number(row["gemmi_cell_sites"]), volume=number(row["cell_volume"]))
    if row["pmg"] == "ok":
        out["pymatgen"] = dict(
            sites=number(row["pmg_nsites"]),
            amounts=amounts(row["pmg_cell_formula"]),
            volume=number(row["pmg_volume"]),
            ordered=row["pmg_ordered"] == "1",
        )
    if row["ase"] == "ok":
        out["ASE"] = dict(sites=number(row["ase_natoms"]), amounts=amounts(row["ase_formula"]))
    return out


def agreed(peers, what, same):
    """The value on which two of the programs agree, and which they are."""
    values = [(name, said[what]) for name, said in peers.items() if said.get(what)]
    for i, (first, value) in enumerate(values):
        allies = [name for name, other in values[i + 1 :] if same(value, other)]
        if allies:
            return value, [first, *allies]
    return None, []


def differences(record, peers):
    """In what we differ from two programs that agree."""
    found = []
    sites, who = agreed(peers, "sites", lambda a, b: a == b)
    # gemmi counts atoms, pymatgen sites; where both agree with one of our counts, there is no difference.
    if who and sites not in (record["sites"], record["occupants"]):
        found.append(f"{record['sites']} sites, {' and '.join(who)} {sites:.0f}")
    elements, who = agreed(peers, "amounts", same_amounts)
    if who and not same_amounts(amounts(record["formula"]), elements):
        theirs_text = " ".join(f"{s}{a:g}" for s, a in elements.items())
        found.append(f"{record['formula']}, {' and '.join(who)} {theirs_text}")
    volume, who = agreed(peers, "volume", same_volume)
    if who and not same_volume(record["volume"], volume):
        found.append(f"{record['volume']:.3f} Å³, {' and '.join(who)} {volume:.3f} Å³")
    return "; ".join(found)


class Report:
    """Counts and lists of one run."""

    def __init__(self):
        self.rows, self.unread, self.differing, self.alone, self.open = [], [], [], [], []
        self.reasons = collections.Counter()

    def explain(self, name, what, place):
        reason = EXPLAINED.get(name)
        if reason is None:
            self.open.append(name)
        place.append((name, what, reason or "**not explained**"))


def folder(name, report):
    base = DATASETS / name
    rows = list(csv.DictReader(open(base / "expected_by_other_tools.csv", encoding="utf-8")))
    found = ours([base])
    counts = collections.Counter()
    for row in rows:
        path = str(base / row["file"])
        records = found.pop(path, [])
        peers = theirs(row)
        counts["files"] += 1
        for peer in peers:
            counts[peer] += 1
        read = [record for record in records if record["ok"]]
        # The others look at one structure of a file: any of ours may be it.
        best = min((differences(record, peers) for record in read), key=len, default=None)
        short = f"{name}/{row['file']}"
        if read:
            counts["read"] += 1
            counts["structures"] += len(read)
        else:
            code = records[0]["code"] if records else "passed over"
            report.reasons[code] += 1
            counts["quarantined"] += 1
            if peers:
                detail = f"`{code}`: {records[0]['detail'] if records else ''}"
                report.explain(short, f"{detail} — read by {', '.join(peers)}", report.unread)
        counts["faults"] += sum(not record["ok"] for record in records)
        if best:
            report.explain(short, best, report.differing)
        elif read and len(peers) > 1:
            counts["agree"] += 1
        if read and not peers:
            counts["only us"] += 1
    counts["extra"] = len(found)
    report.rows.append((name, counts))
    for path in found:
        report.open.append(f"{path} is in no table")


def cofs(report):
    import gemmi

    archive = DATASETS / "cif_curated_cofs/cofs.tar.gz"
    found = ours([archive])
    counts = collections.Counter()
    with tarfile.open(archive) as members:
        for member in members:
            if not member.name.endswith(".cif"):
                continue
            name = f"cif_curated_cofs/{member.name}"
            counts["files"] += 1
            counts["gemmi"] += 1
            block = gemmi.cif.read_string(members.extractfile(member).read()).sole_block()
            small = gemmi.make_small_structure_from_block(block)
            sites = small.get_all_unit_cell_sites()
            elements = collections.Counter(site.element.name for site in sites)
            record = found[f"{archive}!{member.name}"][0]
            if not record["ok"]:
                counts["quarantined"] += 1
                report.reasons[record["code"]] += 1
                report.explain(name, f"`{record['code']}`: {record['detail']} — read by gemmi", report.unread)
                continue
            counts["read"] += 1
            counts["structures"] += 1
            said = dict(sites=len(sites), amounts=dict(elements), volume=small.cell.volume)
            what = differences(record, {"gemmi": said, "gemmi again": said})
            if what:
                report.explain(name, what, report.differing)
            else:
                counts["agree"] += 1
    report.rows.append(("cif_curated_cofs", counts))


def materials_project(report):
    base = DATASETS / "mp_cif"
    archives = sorted(base.glob("mp_cif_*.tar.xz"))
    found = {name.rsplit("/", 1)[1].removesuffix(".cif"): records for name, records in ours(archives).items()}
    counts = collections.Counter()
    for row in csv.DictReader(io.TextIOWrapper(gzip.open(base / "index.csv.gz"), encoding="utf-8")):
        counts["files"] += 1
        name, records = f"mp_cif/{row['mp_id']}", found.pop(row["mp_id"], [])
        if len(records) != 1 or not records[0]["ok"]:
            counts["quarantined"] += 1
            what = f"`{records[0]['code']}`: {records[0]['detail']}" if records else "not there"
            report.explain(name, what, report.unread)
            continue
        record = records[0]
        counts["read"] += 1
        counts["structures"] += 1
        said = dict(sites=int(row["nsites"]), amounts=amounts(row["formula_cell"]), volume=float(row["volume_A3"]))
        what = differences(record, {"the index": said, "the index ": said})
        if what:
            report.explain(name, what, report.differing)
        else:
            counts["agree"] += 1
    report.rows.append(("mp_cif", counts))
    report.open.extend(found)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--skip", default="", help="folders to leave out, with commas")
    options = parser.parse_args()
    skipped = options.skip.split(",")
    report = Report()
    for name in TABLES:
        if name not in skipped:
            folder(name, report)
    if "cif_curated_cofs" not in skipped:
        cofs(report)
    if "mp_cif" not in skipped:
        materials_project(report)
    print("## Read and quarantined\n")
    print("| folder | files | read | structures | quarantined files | gemmi | pymatgen | ASE | agrees where two agree |")
    print("|---|---|---|---|---|---|---|---|---|")
    for name, n in report.rows:
        read = [n["gemmi"], n["pymatgen"] or "", n["ASE"] or ""]
        print("|", " | ".join(map(str, [name, n["files"], n["read"], n["structures"], n["quarantined"], *read, n["agree"]])), "|")
    print("\nQuarantined files by code:", ", ".join(f"`{code}` {n}" for code, n in report.reasons.most_common()))
    for title, place in [
        ("Files that another program reads and we quarantine", report.unread),
        ("Files where we differ from two programs that agree", report.differing),
    ]:
        print(f"\n## {title}\n\n| file | what | why |\n|---|---|---|")
        for name, what, why in place:
            print("|", " | ".join(part.replace("|", "\\|") for part in (f"`{name}`", what, why)), "|")
    if report.open:
        sys.exit(f"{len(report.open)} not explained: {', '.join(report.open[:20])}")


if __name__ == "__main__":
    main()
