"""Reads a result of tests/sink/fixture.rs with h5py and pandas only, as docs/hdf5.md tells users to.

    python tests/peers/h5.py RESULT.h5 ROWS

Prints "agrees" where every claim holds. h5py 3.x, pandas 2.x or 3.x.
"""

import hashlib
import json
import sys

import h5py
import numpy as np
import pandas as pd

path, total = sys.argv[1], int(sys.argv[2])
index = np.array([i for i in range(total) if i % 7 != 6], dtype=np.uint64)

with open(path, "rb") as f:
    block, rest = f.read(512), f.read()
lines = block.split(b"\0")[0].decode().splitlines()
assert lines[0] == "matsieve-result", lines
assert lines[1] == "sha256 " + hashlib.sha256(rest).hexdigest()

with h5py.File(path, "r") as f:
    assert f.userblock_size == 512
    assert f.attrs["format"] == "matsieve-result" and f.attrs["complete"] == 1 and f.attrs["format_version"] == 1
    assert f.attrs["software_name"] == "matsieve"
    c = f["candidates"]
    assert c["index"].dtype == np.uint64 and (c["index"][:] == index).all()
    ids = c["id"].asstr()[:]
    assert all(s == (f"硅-{i}" if i % 5 == 0 else f"mp-{i}") for s, i in zip(ids, index))
    assert all(s == ("" if i % 11 == 0 else f"Fe{i}O3") for s, i in zip(c["formula"].asstr()[:], index))
    assert c["origin"].asstr()[0] == "space:demo#0"
    assert c["verdict"][:].dtype == np.uint8 and (c["verdict"][:] == index % 3).all()
    assert h5py.check_enum_dtype(c["verdict"].dtype) == {"kept": 0, "rejected": 1, "undecided": 2}

    group = f["features/stoichiometry"]
    values = group["values"]
    assert values.chunks is not None and values.shape == (len(index), 3) and values.dtype == np.float64
    assert list(group["columns"].asstr()[:]) == ["0-norm", "1-norm", "2-norm"]
    assert (values[:, 0] == index).all() and (np.isnan(values[:, 1]) == (index % 4 == 0)).all()
    assert values.attrs["version"] == 2 and json.loads(values.attrs["parameters"]) == {"p": [0, 2, 3]}
    assert values.attrs["references"].startswith("10.1038/npjcompumats.2016.28")
    assert f["features/density/units"].asstr()[0] == "g/cm^3"

    gap = f["predictions/gap"]
    assert np.array_equal(gap["value"][:], np.sqrt(index.astype(float)))
    assert gap["value"].attrs["units"] == "eV" and gap.attrs["interval"] == 0.9
    assert (gap["in_domain"][:] == (index % 2 == 0)).all()
    metal = f["predictions/metal"]
    assert metal["probability"].shape == (len(index), 2) and list(metal["classes"].asstr()[:]) == ["no", "yes"]
    assert (f["verdicts/neutral"][:] == index % 4).all()
    assert list(f["ranking/index"][:]) == [4, 0, 9]

    ledger = pd.DataFrame({n: d.asstr()[:] if d.dtype.kind in "OS" else d[:] for n, d in f["ledger"].items()})
    assert (ledger["in"] == ledger[["kept", "rejected", "undecided", "faulted"]].sum(axis=1)).all()
    assert json.loads(f["provenance/digests"].asstr()[()])["all"]
    assert f["provenance/plan"].asstr()[()] == '[source]\ncsv = "表.csv"\n'
    assert "!" in f["quarantine/detail"].asstr()[1]

    table = pd.DataFrame({name: f["candidates"][name].asstr()[:] for name in ("id", "formula")}, index=index)
    table[group["columns"].asstr()[:]] = values[:]
    assert table.loc[4, "0-norm"] == 4.0

    # The digest of a dataset, from its definition in docs/hdf5.md.
    digest = hashlib.sha256(f"matsieve-digest 1\ntext\n{len(ids)}\n".encode())
    for s in ids:
        digest.update(len(s.encode()).to_bytes(8, "little") + s.encode())
    objects = json.loads(f["provenance/digests"].asstr()[()])["objects"]
    assert objects["/candidates/id"] == digest.hexdigest()
    digest = hashlib.sha256(f"matsieve-digest 1\nf64\n{len(index)}\n".encode() + gap["std"][:].tobytes())
    digest.update(b"\nunits\ntext\n" + (2).to_bytes(8, "little") + b"eV")
    assert objects["/predictions/gap/std"] == digest.hexdigest()

print("agrees")
