"""Rebuilds data/order_parameters and data/radii from pymatgen-core 2026.10.16 (MIT) and the motif list of matminer 0.10.1.

    pip install matminer==0.10.1 pymatgen-core==2026.10.16
    python data/build/local_environment.py            # writes data/{order_parameters,radii}/*.{csv,toml}
    python data/build/local_environment.py --check    # writes nothing, fails if a .csv would change
"""

import csv
import hashlib
import io
import json
import pathlib
import sys
import warnings
from importlib.metadata import version

warnings.simplefilter("ignore")

from matminer.featurizers.site.fingerprint import load_cn_motif_op_params, load_cn_target_motif_op  # noqa: E402
from pymatgen.core import Element  # noqa: E402
from pymatgen.core.local_env import DEFAULT_OP_PARAMS  # noqa: E402
from pymatgen.core.molecule_structure_comparator import CovalentRadius  # noqa: E402

DATA = pathlib.Path(__file__).resolve().parent.parent
RETRIEVED = "2026-11-24"
PINNED = {"matminer": "0.10.1", "pymatgen-core": "2026.10.16"}
SYMBOLS = [Element.from_Z(z).symbol for z in range(1, 119)]

# Parameters that LocalStructOrderParams reads for a type, by the columns of the table. The exponent of the azimuthal
# cosine is 2 wherever there is one.
WIDTH = "inverse width per half turn"
PARAMETERS = {
    "TA": ("1", "target angle, in half turns"),
    "IGW_TA": ("1", f"{WIDTH} around the target angle"),
    "IGW_EP": ("1", f"{WIDTH} around the equatorial plane"),
    "min_SPP": ("rad", "smallest angle to the north pole that counts as south pole"),
    "IGW_SPP": ("1", f"{WIDTH} around the south pole"),
    "w_SPP": ("1", "weight of the south pole"),
    "fac_AA": ("1", "factor of the azimuth in the squared cosine"),
    "cuboct_south": ("rad", "end of the equatorial band of a cuboctahedron"),
    "cuboct_north": ("rad", "start of the equatorial band of a cuboctahedron"),
    "cuboct_equator": ("1", f"{WIDTH} around the equator of a cuboctahedron"),
    "cuboct_caps": ("1", f"{WIDTH} around the two triangles of a cuboctahedron"),
}
KEYS = {"cuboct_south": 2, "cuboct_north": 4, "cuboct_equator": 5, "cuboct_caps": 6}
READ = {
    "bent": ["TA", "IGW_TA"],
    "tri_plan_max": ["TA", "IGW_TA", "fac_AA"],
    "tet_max": ["TA", "IGW_TA", "fac_AA"],
    "pent_plan_max": ["TA", "IGW_TA"],
    **dict.fromkeys(["T", "tri_pyr", "sq_pyr", "pent_pyr", "hex_pyr"], ["IGW_EP", "fac_AA"]),
    **dict.fromkeys(
        ["see_saw_rect", "oct_max", "sq_plan_max", "tri_bipyr", "pent_bipyr", "hex_bipyr"],
        ["IGW_EP", "min_SPP", "IGW_SPP", "fac_AA"],
    ),
    "hex_plan_max": ["TA", "IGW_TA", "min_SPP", "IGW_SPP", "fac_AA"],
    "bcc": ["min_SPP", "IGW_SPP", "w_SPP"],
    "cuboct_max": ["min_SPP", "IGW_SPP", "w_SPP", "cuboct_south", "cuboct_north", "cuboct_equator", "cuboct_caps"],
    **dict.fromkeys(["sgl_bd", "q2", "q4", "q6"], []),
}


def motifs():
    columns = {
        "coordination": ("1", "number of neighbours that the motif has"),
        "motif": ("text", "name of the motif, as in the labels of matminer"),
        "order_parameter": ("text", "type of the order parameter, as in pymatgen's LocalStructOrderParams"),
        **PARAMETERS,
    }
    own = load_cn_motif_op_params()
    rows = []
    for coordination, names in load_cn_target_motif_op().items():
        for name in names:
            kind, *given = own.get(coordination, {}).get(name, [name])
            given = given[0] if given else DEFAULT_OP_PARAMS[kind] or {}
            assert given.get("exp_cos_AA", 2) == 2
            values = {column: given[KEYS.get(column, column)] for column in READ[kind]}
            rows.append([coordination, name, kind, *(number(values.get(column)) for column in PARAMETERS)])
    return columns, rows


def covalent_radius():
    columns = {"symbol": ("text", "element"), "radius": ("angstrom", "covalent radius; one an element, whatever its hybridization or spin")}
    return columns, [[s, number(CovalentRadius.radius[s])] for s in SYMBOLS if s in CovalentRadius.radius]


def ionic_radius():
    columns = {
        "symbol": ("text", "element"),
        "oxidation_state": ("1", "oxidation state"),
        "radius": ("angstrom", "ionic radius"),
    }
    rows = []
    for symbol in SYMBOLS:
        # In the order of the source: means over the states of one sign are sums in this order.
        for state, radius in Element(symbol).ionic_radii.items():
            rows.append([symbol, state, number(radius)])
    return columns, rows


PYMATGEN = dict(version="pymatgen-core-2026.10.16", licence="MIT", commercial_use="yes")
CARDS = {
    "order_parameters/motifs": dict(
        PYMATGEN, title="Motifs of local order parameters and their parameters",
        source="pymatgen-core 2026.10.16, core/op_params.yaml and core/cn_opt_params.yaml; list and names of the motifs from matminer 0.10.1",
        references=["10.1039/c9ra07755c", "10.3389/fmats.2017.00034"],
        gaps="the 37 motifs of CrystalNNFingerprint and OPSiteFingerprint; other types of LocalStructOrderParams are left out",
        missing="the definition of this type does not read the parameter"),
    "radii/covalent_radius": dict(
        PYMATGEN, title="Covalent radii of the elements",
        source="pymatgen-core 2026.10.16, core/molecule_structure_comparator.py, CovalentRadius (Cordero et al. 2008)",
        references=["10.1039/b801115j"], gaps="Bk and beyond", missing="an element without line has no covalent radius"),
    "radii/ionic_radius": dict(
        PYMATGEN, title="Ionic radii by oxidation state",
        source="pymatgen-core 2026.10.16, core/periodic_table.json.gz, \"Ionic radii\" (Shannon 1976 for the most part)",
        references=["10.1107/S0567739476001551"],
        gaps="one radius a state, that of the commonest coordination; noble gases, P(-3) and other states that pymatgen lacks",
        missing="a state without line has no radius"),
}


def number(value):
    """Shortest text that reads back to the same float; empty for None."""
    if value is None:
        return ""
    value = float(value)
    return str(int(value)) if value == int(value) else repr(value)


def text(value):
    return json.dumps(value, ensure_ascii=False)


def card(path, content, columns):
    spec = CARDS[path]
    lines = [f"name = {text(path.split('/')[1])}"]
    lines += [f"{key} = {text(spec[key])}" for key in ("title", "version", "source", "references", "licence", "commercial_use")]
    lines += [f"retrieved = {text(RETRIEVED)}", f"sha256 = {text(hashlib.sha256(content.encode()).hexdigest())}"]
    lines += ['script = "data/build/local_environment.py"', f"gaps = {text(spec['gaps'])}", f"missing = {text(spec['missing'])}", "", "[columns]"]
    lines += [f"{text(name)} = {{ unit = {text(unit)}, meaning = {text(meaning)} }}" for name, (unit, meaning) in columns.items()]
    return "\n".join(lines) + "\n"


def main():
    for package, pinned in PINNED.items():
        assert version(package) == pinned, f"{package} is {version(package)}, expected {pinned}"
    builders = {"order_parameters/motifs": motifs, "radii/covalent_radius": covalent_radius, "radii/ionic_radius": ionic_radius}
    for path, build in builders.items():
        columns, rows = build()
        out = io.StringIO()
        csv.writer(out, lineterminator="\n").writerows([list(columns), *rows])
        content, target = out.getvalue(), DATA / f"{path}.csv"
        if "--check" in sys.argv:
            assert target.read_text() == content, f"{target.relative_to(DATA)} would change"
            continue
        target.parent.mkdir(exist_ok=True)
        target.write_text(content, newline="\n")
        target.with_suffix(".toml").write_text(card(path, content, columns), newline="\n")


main()
