"""Runs a screen on a disk that fails at random calls, then runs the same command on a sound one, and compares every digest
with that of a run left alone.

    python3 scripts/fault_test.py PROGRAM [--runs 100] [--threads 1] [--seed 0]

PROGRAM must be linked dynamically: `scripts/faults/failing_disk.c` is compiled and preloaded. Errors: EIO, ENOSPC, EDQUOT, ESTALE,
EROFS; calls: writing, reading, fsync, opening for writing; from a random call on, or once. Each faulty run must end with exit code 1 and
say which file and why, or finish with the right content where the error came too late or in a call that may fail; never by signal
or panic, never with a file under the result's name that is not whole. With root, a mount that vanishes is tried too.
Prints a summary as JSON; exits with 1 at the first thing that is not as it must be.
"""

import argparse
import collections
import errno
import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
PLAN = ROOT / "examples" / "solar_absorbers.toml"
# A few processor seconds.
SETTINGS = ["--set", "source.space.num_elements=2-4", "--set", "source.space.max_atoms=5"]
ERRORS = [errno.EIO, errno.ENOSPC, errno.EDQUOT, errno.ESTALE, errno.EROFS]


def command(program, out, threads):
    return [program, "screen", str(PLAN), *SETTINGS, "-o", str(out), "--threads", str(threads), "--segment-time", "0.1", "--quiet"]


def digest(program, out):
    done = subprocess.run([program, "verify", str(out), "--json"], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"verify of {out} ended with {done.returncode}: {done.stdout}{done.stderr}")
    return json.loads(done.stdout)[0]["digest"]


def vanishing_mount(program, threads, expected):
    """A mount that goes away while the run works on it, and comes back empty."""
    folder = tempfile.mkdtemp()
    mount = ["mount", "-t", "tmpfs", "-o", "size=200m", "tmpfs", folder]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True).returncode != 0:
        os.rmdir(folder)
        return "skipped: no permission to mount"
    out = pathlib.Path(folder) / "r.h5"
    run = subprocess.Popen(command(program, out, threads), stderr=subprocess.PIPE, text=True)
    time.sleep(0.7)
    subprocess.run(["umount", "-l", folder], check=True)
    told = run.communicate(timeout=120)[1]
    if run.returncode != 1 or "r.h5" not in told:
        sys.exit(f"a vanished mount ended with {run.returncode}: {told}")
    subprocess.run(mount, check=True)
    subprocess.run(command(program, out, threads), check=True)
    again = digest(program, out)
    subprocess.run(["umount", folder], check=True)
    os.rmdir(folder)
    if again != expected:
        sys.exit(f"digest {again} after the mount came back, expected {expected}")
    return f"exit 1: {told.strip()[:200]}".replace(folder, "MOUNT")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("--runs", type=int, default=100)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    program = str(pathlib.Path(options.program).resolve())
    chance = random.Random(options.seed)
    outcomes, messages = collections.Counter(), collections.Counter()
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder).resolve()
        library = folder / "failing_disk.so"
        source = ROOT / "scripts/faults/failing_disk.c"
        subprocess.run(["cc", "-shared", "-fPIC", "-O2", "-o", library, source, "-ldl"], check=True)
        subprocess.run(command(program, folder / "whole.h5", options.threads), check=True)
        expected = digest(program, folder / "whole.h5")
        for number in range(options.runs):
            place = folder / f"run-{number}"
            place.mkdir()
            out = place / "r.h5"
            code = chance.choice(ERRORS)
            kinds = chance.choice(["w", "w", "s", "o", "r", "wsor"])
            most = {"w": 3000, "r": 3000, "wsor": 3000}.get(kinds, 30)
            failing = {
                "LD_PRELOAD": str(library),
                "FAIL_UNDER": str(place),
                "FAIL_CALLS": kinds,
                "FAIL_AFTER": str(int(most ** chance.random())),
                "FAIL_ERRNO": str(code),
            }
            if chance.random() < 0.3:
                failing["FAIL_ONCE"] = "1"
            done = subprocess.run(
                command(program, out, options.threads), capture_output=True, text=True, timeout=300, env=os.environ | failing
            )
            what = f"{errno.errorcode[code]} in {kinds} after {failing['FAIL_AFTER']}"
            if done.returncode not in (0, 1) or "panicked" in done.stderr:
                sys.exit(f"{what}: ended with {done.returncode}: {done.stderr}")
            if done.returncode == 1:
                # HDF5 tells the error in words of its own.
                reason = os.strerror(code)
                if "r.h5" not in done.stderr or reason.lower() not in done.stderr.lower():
                    messages[f"{errno.errorcode[code]} in {kinds}: {done.stderr.strip()[:160]}".replace(str(place), "…")] += 1
            elif digest(program, out) != expected:
                sys.exit(f"{what}: ended with 0 and another content")
            if out.exists():
                digest(program, out)
            outcomes[f"{kinds}: exit {done.returncode}"] += 1
            subprocess.run(command(program, out, options.threads), check=True)
            again = digest(program, out)
            if again != expected:
                sys.exit(f"{what}: digest {again} afterwards, expected {expected}")
            left = [path.name for path in place.iterdir() if path != out]
            if left:
                sys.exit(f"{what}: left behind {left}")
            subprocess.run(["rm", "-r", place], check=True)
        mount = vanishing_mount(program, options.threads, expected)
    print(json.dumps({"runs": options.runs, "equal digests": options.runs, "outcomes": dict(sorted(outcomes.items())),
                      "messages without the system's reason": dict(messages), "vanished mount": mount}, indent=1))  # fmt: skip


main()
