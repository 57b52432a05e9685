"""Writes the seeds under corpus/: small inputs of every format, well-formed and not, written here.

    python fuzz/make_corpus.py                       # text, databases, archives
    python fuzz/make_corpus.py MODEL.msm FILE.parquet…   # also takes a small model apart for `model`, and copies tables for `parquet`
"""

import gzip
import io
import json
import pathlib
import sqlite3
import struct
import sys
import tarfile
import tempfile
import zipfile

CORPUS = pathlib.Path(__file__).resolve().parent / "corpus"


def put(target, name, data):
    folder = CORPUS / target
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(data.encode() if isinstance(data, str) else data)


SALT = "salt\n5.64\n0 0.5 0.5\n0.5 0 0.5\n0.5 0.5 0\nNa Cl\n1 1\nDirect\n0 0 0\n0.5 0.5 0.5\n"
PRINT = """Full Formula (Na1 Cl1)
Reduced Formula: NaCl
abc   :   3.988083   3.988083   3.988083
angles:  60.000000  60.000000  60.000000
pbc   :       True       True       True
Sites (2)
  #  SP      a    b    c    magmom
---  ----  ---  ---  ---  --------
  0  Na+   0    0    0           0
  1  Cl-:0.5, Br-:0.5    0.5  0.5  0.5         0
"""
FRAME = ('2\nLattice="0 2.82 2.82 2.82 0 2.82 2.82 2.82 0" Properties=species:S:1:pos:R:3:forces:R:3 energy=-6.75 '
         'pbc="T T T" name=\'rock salt\' stress={1 2 3} list=[1, 2] flag\nNa 0 0 0 0 0 1\nCl 2.82 2.82 2.82 0 0 -1\n')
AIMS = ("# geometry\nlattice_vector 0 2.82 2.82\nlattice_vector 2.82 0 2.82\nlattice_vector 2.82 2.82 0\n"
        "atom 0 0 0 Na\n  initial_moment 1\natom_frac 0.5 0.5 0.5 Cl\n")
CIF = """data_salt
_cell_length_a 5.64(1)
_cell_length_b 5.64
_cell_length_c 5.64
_cell_angle_alpha 90
_cell_angle_beta 90
_cell_angle_gamma 90
_symmetry_space_group_name_H-M 'F m -3 m'
_space_group_IT_number 225
loop_
_space_group_symop_operation_xyz
'x, y, z'
'-x+1/2, y, -z'
loop_
_atom_site_label
_atom_site_type_symbol
_atom_site_fract_x
_atom_site_fract_y
_atom_site_fract_z
_atom_site_occupancy
_atom_site_disorder_group
Na1 Na+ 0 0 0 1 .
Cl1 Cl- 0.5 0.5 0.5 0.9(1) ?
_publ_section_title
;
 a text; field
;
data_two
_cell_length_a 3
"""

STRUCTURE = {
    "@module": "pymatgen.core.structure", "@class": "Structure", "charge": 0,
    "lattice": {"matrix": [[0, 2.82, 2.82], [2.82, 0, 2.82], [2.82, 2.82, 0]], "a": 3.99, "volume": 44.85},
    "sites": [{"species": [{"element": "Na", "occu": 1, "oxidation_state": 1}], "abc": [0, 0, 0], "label": "Na"},
              {"species": [{"element": "Cl", "occu": 0.5}, {"element": "Br", "occu": 0.5}], "xyz": [2.82, 2.82, 2.82]}],
    "properties": {"material_id": "mp-1"},
}
ENTRY = {"@class": "ComputedStructureEntry", "energy": -6.75, "entry_id": "x-1", "data": {"gap": 5.0, "deep": {"er": 1}},
         "structure": STRUCTURE}
ATTRIBUTES = {
    "lattice_vectors": [[0, 2.82, 2.82], [2.82, 0, 2.82], [2.82, 2.82, 0]],
    "cartesian_site_positions": [[0, 0, 0], [2.82, 2.82, 2.82]], "species_at_sites": ["Na", "X1"],
    "species": [{"name": "Na", "chemical_symbols": ["Na"], "concentration": [1.0]},
                {"name": "X1", "chemical_symbols": ["Cl", "vacancy"], "concentration": [0.75, 0.25]}],
    "assemblies": [{"sites_in_groups": [[0], [1]], "group_probabilities": [0.5, 0.5]}],
    "structure_features": ["disorder"], "_exmpl_gap": 5.0, "elements_ratios": [0.5, 0.5],
}
RESOURCE = {"id": "1", "type": "structures", "attributes": ATTRIBUTES}
JARVIS = {"jid": "JVASP-1", "gap": 5.0, "none": "na", "atoms": {
    "lattice_mat": [[0, 2.82, 2.82], [2.82, 0, 2.82], [2.82, 2.82, 0]], "coords": [[0, 0, 0], [0.5, 0.5, 0.5]],
    "elements": ["Na", "Cl"], "abc": [3.99, 3.99, 3.99], "angles": [60, 60, 60], "cartesian": False, "props": ["", ""]}}


def texts():
    put("poscar", "vasp5", SALT)
    put("poscar", "selective", SALT.replace("Direct", "Selective dynamics\nCartesian").replace("0 0 0\n", "0 0 0 T T F Na\n"))
    put("poscar", "vasp4", SALT.replace("salt", "Na Cl").replace("Na Cl\n1 1\n", "1 1\n"))
    put("poscar", "scales", SALT.replace("5.64\n", "1.5 2 -3 comment\n").replace("0.5 0.5 0.5\n", "0.5-0.5-0.5\n"))
    put("poscar", "volume", SALT.replace("5.64\n", "-180D0\n") + "\n0 0 0\n1 2 3\n")
    put("extxyz", "two", FRAME + FRAME.replace("Na 0", "11 0"))
    put("extxyz", "short", FRAME[:-20] + FRAME.replace("species:S:1", "Z:I:1"))
    put("pymatgen_print", "two", PRINT + PRINT)
    put("fhi_aims", "salt", AIMS)
    put("cif", "two", CIF)
    put("cif", "crlf", CIF.replace("\n", "\r\n"))
    for target, one, key in (("pymatgen_json", ENTRY, "entries"), ("optimade_json", RESOURCE, "data"),
                             ("jarvis_json", JARVIS, "data"), ("optimade_jsonl", RESOURCE, "data")):
        put(target, "one", json.dumps(one))
        put(target, "list", json.dumps([one, one], indent=1))
        put(target, "lines", json.dumps(one) + "\n\n{broken\n" + json.dumps(one).replace("0.5", "NaN") + "\n")
        put(target, "held", json.dumps({"meta": {"n": 1}, key: [one, one], "links": None}))
        put(target, "map", json.dumps({"a": one, "b\\u0031": one}))
    put("pymatgen_json", "bare", json.dumps(STRUCTURE))
    put("optimade_jsonl", "header", '{"x-optimade": {"meta": {}}}\n{"type": "info", "id": "structures"}\n' + json.dumps(RESOURCE))
    for number, text in enumerate(("Fe2O3", "Ca(OH)2·2H2O", "K0.5[Fe(CN)6]1/2", "SO4^2-", "H₂O", "Li1-xCoO2", "CuSO4.5H2O",
                                   "D2O", "((((((Fe))))))2", "Fe1e3O99999999999", "NaN", "U+")):
        put("formula", str(number), text)
    put("csv", "plain", "id,formula,x\n1,Fe2O3,2.5\n2,\"Na\"\"Cl\",nan\n3,\"H2\nO\",\n4,Fe\n")
    put("csv", "crlf", "\ufeffformula,x\r\nFe,1e400\r\n\r\n\"open,2\r\nNi,3\r")
    for name, text in (("poscar", SALT), ("print", PRINT), ("frame", FRAME), ("aims", AIMS), ("cif", CIF),
                       ("json", json.dumps(ENTRY)), ("jarvis", json.dumps([JARVIS])), ("optimade", json.dumps(RESOURCE))):
        put("structure_column", name, 'id,s\n1,"' + text.replace('"', '""') + '"\n2,\n3,Fe\n')
    put("id_prop", "plain", "a.vasp,1.5\nb,2\n")
    put("id_prop", "wide", '"a.vasp",1,2,3\r\n./b.vasp,,nan,x\r\n')
    put("plan", "full", """[screen]
name = "x"
[source]
space = { elements = ["alkali_metals", "Ti", "O"], num_elements = "2-3", max_amount = 3, require_any = [["O"]] }
[[descriptor]]
name = "magpie"
[[filter]]
name = "charge_neutral"
oxidation_states = "icsd24"
undecided = "keep"
[[filter]]
name = "window"
column = "magpie/MagpieData mean Number"
below = 20
[rank]
by = [{ column = "MagpieData mean Number", direction = "min" }]
keep = 10_000
[sink]
store = "survivors"
[run]
batch = 4096
window = 4
seed = 0
max_fault_fraction = "5 %"
""")
    put("plan", "file", """[source]
csv = ["a/*.csv", "b"]
columns = [{ name = "e", unit = "eV/atom", as = "hull" }]
[[surrogate]]
model = "m.msm"
as = "e"
[[filter]]
name = "window"
column = "e.value"
below = "-0.10 eV/atom"
""")


def database():
    with tempfile.NamedTemporaryFile(suffix=".db") as file:
        connection = sqlite3.connect(file.name)
        connection.execute("PRAGMA page_size = 512")
        connection.execute("CREATE TABLE systems (id INTEGER PRIMARY KEY, numbers BLOB, positions BLOB, cell BLOB, pbc INTEGER, "
                           "energy REAL, key_value_pairs TEXT, data BLOB)")
        cell = struct.pack("<9d", 4, 0, 0, 0, 4, 0, 0, 0, 4)
        for pairs, data in (('{"gap": 5.0, "ok": true}', struct.pack("<q", 8) + b'{"a":{"b":1}}'), ("{}", b"{}"), ("{\"a\": NaN}", None)):
            connection.execute("INSERT INTO systems VALUES (NULL, ?, ?, ?, 7, -1.5, ?, ?)",
                               (struct.pack("<2i", 55, 17), struct.pack("<6d", 0, 0, 0, 2, 2, 2), cell, pairs, data))
        connection.commit()
        connection.close()
        put("ase_db", "three", pathlib.Path(file.name).read_bytes())


def archives():
    tar, packed = io.BytesIO(), io.BytesIO()
    with tarfile.open(fileobj=tar, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name, text in (("d/POSCAR", SALT), ("../x.xyz", FRAME), ("ü" * 60 + "/t.csv", "formula\nFe\n")):
            info = tarfile.TarInfo(name)
            info.size = len(text.encode())
            archive.addfile(info, io.BytesIO(text.encode()))
        link = tarfile.TarInfo("l.xyz")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("d/POSCAR", SALT)
        archive.writestr("t.csv", "formula\nFe\n", zipfile.ZIP_STORED)
    put("archive", "tar", tar.getvalue())
    put("archive", "tar.gz", gzip.compress(tar.getvalue(), mtime=0))
    put("archive", "zip", packed.getvalue())
    put("archive", "poscar.gz", gzip.compress(SALT.encode(), mtime=0))


LIGHT = """tree
version=v4
num_class=1
num_tree_per_iteration=1
max_feature_idx=1
objective=binary sigmoid:1
feature_names=a b
tree_sizes=1 1 1

Tree=0
num_leaves=3
num_cat=1
split_feature=0 1
threshold=0.5 0
decision_type=10 1
left_child=1 -1
right_child=-3 -2
cat_boundaries=0 1
cat_threshold=5
leaf_value=1 -2.5 0.25

Tree=1
num_leaves=2
split_feature=0
threshold=-1
decision_type=4
left_child=-1
right_child=-2
leaf_value=1e-3 3

Tree=2
num_leaves=1
leaf_value=0.5

end of trees
"""
TREE = dict(left_children=[1, 3, -1, -1, -1], right_children=[2, 4, -1, -1, -1], split_indices=[0, 1, 0, 0, 0],
            split_conditions=[0.5, -1.5, 1.0, 2.0, 0.25], default_left=[1, 0, 0, 0, 0], split_type=[0, 0, 0, 0, 0],
            tree_param=dict(num_nodes="5", size_leaf_vector="1"))
EXTREME = dict(learner=dict(
    attributes={}, feature_names=["a", "b"],
    gradient_booster=dict(name="dart", model=dict(gbtree_model_param=dict(num_parallel_tree="1"), tree_info=[0], trees=[TREE],
                                                  weight_drop=[0.5])),
    learner_model_param=dict(base_score="[2.5E-1]", num_class="0", num_feature="2", num_target="1"),
    objective=dict(name="binary:logistic")), version=[3, 4, 1])
SPLIT = dict(border=0.5, float_feature_index=0, split_type="FloatFeature")
CAT = dict(features_info=dict(float_features=[dict(feature_id="a", flat_feature_index=0, nan_value_treatment="AsTrue"),
                                              dict(feature_id="", flat_feature_index=1, nan_value_treatment="AsFalse")]),
           model_info=dict(params=dict(loss_function=dict(type="Logloss")), class_params=dict(class_names=[0, 1])),
           oblivious_trees=[dict(leaf_values=[1, 2, 3, -4.5], splits=[SPLIT, SPLIT | dict(float_feature_index=1)])],
           scale_and_bias=[1, [0.5]])
BRANCH = dict(left=dict(value=1), right=dict(left=dict(value=2), right=dict(value=-3), split=SPLIT), split=SPLIT)
LEARN = dict(format="matsieve-trees", version=1, library="scikit-learn 1.9.1", estimator="RandomForestRegressor",
             features=["a", "b"], has_names=True, input="f32", start=0.5, divide=1, link="sigmoid", slope=2, classes=["no", "yes"],
             trees=[dict(left=[1, -1, -1], right=[2, -1, -1], feature=[1, -2, -2], threshold=[0.1, -2, -2],
                         missing_left=[1, 0, 0], value=[0, 1, -1])])


def ubjson(value):
    """As XGBoost writes it: lengths in eight bytes, lists of numbers typed."""
    word = lambda text: b"L" + struct.pack(">q", len(text)) + text.encode()  # noqa: E731
    if isinstance(value, dict):
        return b"{" + b"".join(word(key) + ubjson(item) for key, item in value.items()) + b"}"
    if isinstance(value, str):
        return b"S" + word(value)
    if isinstance(value, list) and value and isinstance(value[0], (int, float)):
        kind, code = ("l", "i") if isinstance(value[0], int) else ("d", "f")
        items = b"".join(struct.pack(">" + code, item) for item in value)
        return b"[$" + kind.encode() + b"#L" + struct.pack(">q", len(value)) + items
    if isinstance(value, list):
        return b"[" + b"#L" + struct.pack(">q", len(value)) + b"".join(ubjson(item) for item in value)
    return b"l" + struct.pack(">i", value)


def imports():
    put("import", "lightgbm", LIGHT)
    put("import", "xgboost_json", json.dumps(EXTREME))
    put("import", "xgboost_ubjson", ubjson(EXTREME))
    put("import", "catboost", json.dumps(CAT))
    put("import", "catboost_branches", json.dumps({k: v for k, v in CAT.items() if k != "oblivious_trees"} | dict(trees=[BRANCH])))
    put("import", "sklearn", json.dumps(LEARN))
    put("import", "pickle", b"\x80\x04\x95\x10\0\0\0\0\0\0\0\x8c\x07sklearn.")


def model(path):
    data = pathlib.Path(path).read_bytes()
    card, index, size = struct.unpack_from("<3Q", data, 16)
    assert card < 65536 and index < 65536, "a model with a smaller card is needed"
    put("model", "apart", struct.pack("<2H", card, index) + data[40:40 + card + index + size])


texts()
database()
archives()
imports()
for given in sys.argv[1:]:
    if given.endswith(".msm"):
        model(given)
    else:
        put("parquet", pathlib.Path(given).stem, pathlib.Path(given).read_bytes())
