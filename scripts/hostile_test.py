"""Gives altered result files to every verb that reads them: none may crash, hang, take the memory, or take them for whole.

    python3 scripts/hostile_test.py MATSIEVE [--rounds N] [--seed S] [--resealed]

Makes a result, a folder of two shards and a virtual result with MATSIEVE (any build of the program), alters a copy of one
file in one of seven ways, and runs `verify`, `show`, `rank`, `report`, `export` and `merge` on it. Expected is an exit code of
the documented ones other than 0; 0 only where a verb does not read what was altered (`verify` and `merge` read everything, so
never there). A death by signal, more than 20 s or more than 2 GB is a finding.

With --resealed the file gets a seal that fits what was altered, as someone would make who wants to deceive: then the HDF5
library reads altered structures, and only crashes, hangs and memory are looked at. Prints a summary as JSON.
"""

import argparse
import collections
import hashlib
import json
import pathlib
import random
import resource
import shutil
import subprocess
import sys
import tempfile

USER_BLOCK = 512
SECONDS = 20
MEMORY = 2 << 30
PLAN = """[source]
space = { name = 's', elements = ['Na', 'K', 'Mg', 'Ti', 'Fe', 'O', 'F', 'S'], num_elements = '2-3', max_amount = 4 }
[[filter]]
name = 'charge_neutral'
[[descriptor]]
name = 'magpie'
[[surrogate]]
model = 'expt_gap'
as = 'gap'
[rank]
keep = 50
by = [{ column = 'gap.value', target = '1.3 eV', within = '2 eV' }]
"""


def run(command, folder):
    """Exit code, or what went wrong."""

    def limit():
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))

    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, timeout=SECONDS, preexec_fn=limit)
    except subprocess.TimeoutExpired:
        return "hang", b""
    code = done.returncode
    if code < 0:
        return f"signal {-code}", done.stderr
    if b"panicked" in done.stderr or b"memory allocation" in done.stderr:
        return "panic", done.stderr
    return code, done.stderr


def reseal(path):
    """Gives a file the seal of its content; the list of raw chunks is taken as it stands."""
    data = bytearray(path.read_bytes())
    lines = bytes(data[:USER_BLOCK]).split(b"\0")[0].decode("latin-1").splitlines()
    try:
        place = int(lines[2].split(" ")[2])
    except (IndexError, ValueError):
        return
    chunks = data[place:]
    structure, position = hashlib.sha256(), USER_BLOCK
    for at in range(0, len(chunks) - 15, 16):
        start, length = (int.from_bytes(chunks[at + k : at + k + 8], "little") for k in (0, 8))
        if start < position or start + length > place:
            break
        structure.update(data[position:start])
        position = start + length
    structure.update(data[position:])
    everything = hashlib.sha256(data[USER_BLOCK:]).hexdigest()
    text = f"matsieve-result\nsha256 {everything}\nstructure {structure.hexdigest()} {place}\n".encode()
    data[:USER_BLOCK] = text + bytes(USER_BLOCK - len(text))
    path.write_bytes(data)


def alter(path, chance):
    """Alters a file; returns how."""
    data = bytearray(path.read_bytes())
    how = chance.choice(["bit", "bytes", "zeros", "number", "cut", "swap", "seal"])
    at = chance.randrange(USER_BLOCK, len(data) - 64)
    # Most of a file is values; what describes them lies at the beginning, and between the chunks.
    if chance.random() < 0.5:
        at = chance.randrange(USER_BLOCK, min(len(data) - 64, USER_BLOCK + 20_000))
    if how == "bit":
        data[at] ^= 1 << chance.randrange(8)
    elif how == "bytes":
        for k in range(chance.randrange(1, 32)):
            data[at + k] = chance.randrange(256)
    elif how == "zeros":
        length = chance.choice([8, 64, 512, 4096])
        data[at : at + length] = bytes(len(data[at : at + length]))
    elif how == "number":
        value = chance.choice([0, 1, (1 << 31) - 1, 1 << 32, (1 << 63) - 1, (1 << 64) - 1])
        data[at : at + 8] = value.to_bytes(8, "little")
    elif how == "cut":
        del data[at:]
    elif how == "swap":
        other = chance.randrange(USER_BLOCK, len(data) - 64)
        length = chance.choice([8, 64])
        data[at : at + length], data[other : other + length] = data[other : other + length], data[at : at + length]
    else:
        data[chance.randrange(0, 200)] ^= 1 << chance.randrange(8)
    if bytes(data) == path.read_bytes():
        data[at % len(data)] ^= 1
    path.write_bytes(data)
    return how


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--resealed", action="store_true")
    arguments = parser.parse_args()
    program = str(pathlib.Path(arguments.program).resolve())
    chance = random.Random(arguments.seed)
    outcomes, findings = collections.Counter(), []
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        whole = root / "whole"
        whole.mkdir()
        (whole / "plan.toml").write_text(PLAN)
        for command in [
            ["screen", "plan.toml", "-o", "one.h5"],
            ["screen", "plan.toml", "--shard", "0/2", "-o", "shards"],
            ["screen", "plan.toml", "--shard", "1/2", "-o", "shards"],
            ["merge", "shards", "-o", "virtual.h5", "--virtual"],
        ]:
            subprocess.run([program, *command, "-q"], cwd=whole, check=True)
        for number in range(arguments.rounds):
            work = root / "work"
            shutil.copytree(whole, work)
            name = chance.choice(["one.h5", "shards/shard-0-of-2.h5", "virtual.h5"])
            how = alter(work / name, chance)
            if arguments.resealed:
                reseal(work / name)
            read = "virtual.h5" if name.startswith("shards") and chance.random() < 0.5 else name
            verbs = {
                "verify": ["verify", read],
                "show": ["show", read],
                "rank": ["rank", read, "--keep", "5"],
                "report": ["report", read, "-o", "report.html"],
                "export": ["export", read, "-o", "table.csv"],
            }
            if name.startswith("shards"):
                verbs["merge"] = ["merge", "shards", "-o", "merged.h5"]
            for verb, command in verbs.items():
                code, told = run([program, *command, "--threads", "2"], work)
                is_finding = isinstance(code, str) or code not in range(5)
                reads_all = verb in ("verify", "merge") and (verb == "merge" or read == name)
                if not arguments.resealed and reads_all and code == 0:
                    is_finding, code = True, "taken for whole"
                outcomes[f"{verb} {code}"] += 1
                if is_finding:
                    kept = pathlib.Path(tempfile.gettempdir()) / f"hostile-{arguments.seed}-{number}-{verb}.h5"
                    shutil.copy(work / name, kept)
                    findings.append({"round": number, "file": name, "how": how, "verb": verb, "what": code, "kept": str(kept),
                                     "told": told.decode("utf-8", "replace")[-300:]})  # fmt: skip
            shutil.rmtree(work)
    print(json.dumps({"rounds": arguments.rounds, "outcomes": dict(sorted(outcomes.items())), "findings": findings}, indent=1))
    sys.exit(bool(findings))


main()
