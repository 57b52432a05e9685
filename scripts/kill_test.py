"""Kills a screen at random moments, runs the same command again, and compares every digest with that of a run left alone.

    pip install h5py
    python scripts/kill_test.py PROGRAM [--kills 300] [--threads 1] [--seed 0]

Kinds of kill: SIGKILL, SIGTERM, SIGINT; one kill in four is followed by another one of the run that goes on. After each kill every
segment left must open and be whole, and the work that a SIGKILL lost is the time since the last segment was closed. Prints one line
for every tenth kill and a summary; exits with 1 at the first digest or file that is not as it must be.
"""

import argparse
import json
import pathlib
import random
import signal
import subprocess
import sys
import tempfile
import time

import h5py

ROOT = pathlib.Path(__file__).resolve().parent.parent
PLAN = ROOT / "examples" / "solar_absorbers.toml"
# About ten processor seconds.
SETTINGS = ["--set", "source.space.num_elements=2-4", "--set", "source.space.max_atoms=9"]
SEGMENT_SECONDS = 0.5


def command(program, out, threads):
    return [program, "screen", str(PLAN), *SETTINGS, "-o", str(out), "--threads", str(threads), "--segment-time",
            str(SEGMENT_SECONDS), "--quiet"]


def digest(program, out):
    done = subprocess.run([program, "verify", str(out), "--json"], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"verify of {out} ended with {done.returncode}: {done.stdout}{done.stderr}")
    return json.loads(done.stdout)[0]["digest"]


def segments(parts):
    """Index after the last whole segment, their number, and when the last one was closed."""
    end, number, closed = 0, 0, None
    for path in sorted(parts.glob("segment-*.h5")):
        with h5py.File(path) as file:
            start = int(file.attrs["covered_start"])
            if start != end:
                sys.exit(f"{path} begins at {start}, expected {end}")
            end = int(file.attrs["covered_end"])
            if len(file["candidates/index"]) and not end > int(file["candidates/index"][-1]):
                sys.exit(f"{path} holds rows that it does not cover")
        number += 1
        closed = path.stat().st_mtime
    return end, number, closed


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("--kills", type=int, default=300)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    program = str(pathlib.Path(options.program).resolve())
    rng = random.Random(options.seed)
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        begun = time.time()
        subprocess.run(command(program, folder / "whole.h5", options.threads), check=True)
        length = time.time() - begun
        expected = digest(program, folder / "whole.h5")
        kinds = {"SIGKILL": 0, "SIGTERM": 0, "SIGINT": 0}
        kills, runs, lost, too_late, codes = 0, 0, [], 0, {}
        while kills < options.kills:
            out = folder / f"run-{runs}.h5"
            parts = out.with_name(out.name + ".parts")
            runs += 1
            resumed_from = 0
            again = True
            while again:
                again = rng.random() < 0.25
                kind = rng.choice(list(kinds))
                began = time.time()
                child = subprocess.Popen(command(program, out, options.threads), stdout=subprocess.DEVNULL,
                                         stderr=subprocess.PIPE)
                time.sleep(rng.uniform(0.0, length))
                if child.poll() is not None:
                    too_late += 1
                    break
                child.send_signal(getattr(signal, kind))
                moment = time.time()
                child.wait()
                code = child.returncode
                codes[code] = codes.get(code, 0) + 1
                if code not in (0, 3, -signal.SIGKILL, -signal.SIGTERM, -signal.SIGINT):
                    sys.exit(f"the run that got {kind} ended with {code}: {child.stderr.read().decode()}")
                kills += 1
                kinds[kind] += 1
                if code == 0:
                    break
                end, number, closed = segments(parts) if parts.is_dir() else (0, 0, None)
                if end < resumed_from:
                    sys.exit(f"{out}: {resumed_from} candidates were done, {end} are left after the kill")
                if kind == "SIGKILL":
                    lost.append(moment - max(began, closed or began))
                resumed_from = end
            done = subprocess.run(command(program, out, options.threads), capture_output=True, text=True)
            if done.returncode != 0:
                sys.exit(f"the run that goes on ended with {done.returncode}: {done.stderr}")
            found = digest(program, out)
            with h5py.File(out) as file:
                resumed = json.loads(file["provenance/run"][()])["resumed_at"]
            if found != expected:
                sys.exit(f"{out} has the digest {found}, expected {expected}")
            if code != 0 and resumed != resumed_from:
                sys.exit(f"{out} went on from {resumed}, whole segments reached {resumed_from}")
            if parts.exists():
                sys.exit(f"{parts} is left")
            out.unlink()
            if runs % 10 == 0:
                print(f"{kills} kills, {runs} runs, all digests equal", flush=True)
        lost.sort()
        print(json.dumps({
            "run_seconds": round(length, 2), "kills": kills, "kinds": kinds, "runs": runs, "too_late": too_late,
            "exit_codes": codes, "equal_digests": runs, "segment_seconds": SEGMENT_SECONDS,
            "lost_seconds_median": round(lost[len(lost) // 2], 2) if lost else None,
            "lost_seconds_largest": round(lost[-1], 2) if lost else None,
        }))


if __name__ == "__main__":
    main()
