#!/usr/bin/env python3
"""Trains models on board again, as models/models.toml says, from the public tables in MATSIEVE_DATASETS.

    python3 scripts/train-models.py [NAME…]

MATSIEVE_DATASETS defaults to ../shared/datasets, MATSIEVE (the program) to target/release/matsieve. Each model is written to
models/NAME.msm when it is whole; needs Python 3.11.
"""

import os
import pathlib
import subprocess
import sys
import tomllib

ROOT = pathlib.Path(__file__).resolve().parent.parent


def command(model, datasets, program):
    inputs = [datasets / name for name in model["inputs"]]
    options = {
        "--target": model["target"],
        "--members": model["members"],
        "--name": model["name"],
        "--source": model["source"],
        "--licence": model["licence"],
        "--commercial-use": "yes",
        "-o": ROOT / "models" / f"{model['name']}.msm",
    }
    for key in ("unit", "task", "formula", "preset"):
        if key in model:
            options[f"--{key}"] = model[key]
    return [program, "train", *inputs, *(part for pair in options.items() for part in pair)]


def main():
    datasets = pathlib.Path(os.environ.get("MATSIEVE_DATASETS", ROOT.parent / "shared" / "datasets")).resolve()
    program = pathlib.Path(os.environ.get("MATSIEVE", ROOT / "target" / "release" / "matsieve")).resolve()
    models = tomllib.loads((ROOT / "models" / "models.toml").read_text())["model"]
    wanted = sys.argv[1:]
    unknown = set(wanted) - {model["name"] for model in models}
    if unknown:
        sys.exit(f"no such model: {', '.join(sorted(unknown))}")
    for model in models:
        if not wanted or model["name"] in wanted:
            print(model["name"], flush=True)
            subprocess.run([str(part) for part in command(model, datasets, program)], check=True, cwd=ROOT)


main()
