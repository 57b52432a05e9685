"""Rebuilds the element tables and the pair table under data/ from matminer 0.10.1 and pymatgen-core 2026.10.16.

    pip install matminer==0.10.1 pymatgen-core==2026.10.16
    python data/build/elements.py            # writes data/{elements,pairs}/*.{csv,toml}
    python data/build/elements.py --check    # writes nothing, fails if a .csv would change
"""

import csv
import hashlib
import io
import json
import math
import pathlib
import sys
import warnings
from importlib.metadata import version

warnings.simplefilter("ignore")

from matminer.featurizers.structure import OrbitalFieldMatrix  # noqa: E402
from matminer.utils import data as matminer_data  # noqa: E402
from pymatgen.analysis.diffraction import xrd  # noqa: E402
from pymatgen.core import Element  # noqa: E402

DATA = pathlib.Path(__file__).resolve().parent.parent
RETRIEVED = "2026-11-23"
PINNED = {"matminer": "0.10.1", "pymatgen-core": "2026.10.16"}
SYMBOLS = [Element.from_Z(z).symbol for z in range(1, 119)]
MATMINER_BSD = (
    "BSD-3-Clause-LBNL (the matminer package); terms of the underlying compilations, largely Wolfram ElementData, are not stated"
)

# name: unit, meaning. Units as in matminer's README.txt of the tables; "1" for plain numbers.
MAGPIE = {
    "AllenElectronegativity": ("1", "Allen electronegativity"),
    "AtomicRadius": ("angstrom", "atomic radius"),
    "AtomicVolume": ("angstrom^3", "volume of an atom, from atomic weight and density"),
    "AtomicWeight": ("g/mol", "atomic weight"),
    "BoilingT": ("K", "boiling temperature"),
    "BulkModulus": ("GPa", "bulk modulus"),
    "Column": ("1", "column of the periodic table; 3 for all lanthanides and actinides"),
    "CovalentRadius": ("pm", "covalent radius"),
    "Density": ("g/L", "density at standard temperature and pressure"),
    "DipolePolarizability": ("1", "dipole polarizability, as tabulated (unit not stated at the source)"),
    "ElectronAffinity": ("kJ/mol", "electron affinity"),
    "Electronegativity": ("1", "Pauling electronegativity; Pm, Eu, Tb, Yb are means of neighbours"),
    "FirstIonizationEnergy": ("eV", "first ionization energy"),
    "FusionEnthalpy": ("kJ/mol", "enthalpy of fusion"),
    "GSbandgap": ("eV", "band gap of the DFT ground state (OQMD)"),
    "GSenergy_pa": ("eV/atom", "raw VASP energy of the DFT ground state (OQMD)"),
    "GSestBCClatcnt": ("angstrom", "bcc lattice parameter estimated from the DFT volume (OQMD)"),
    "GSestFCClatcnt": ("angstrom", "fcc lattice parameter estimated from the DFT volume (OQMD)"),
    "GSmagmom": ("muB/atom", "magnetic moment of the DFT ground state (OQMD)"),
    "GSvolume_pa": ("angstrom^3/atom", "volume of the DFT ground state (OQMD)"),
    "HHIp": ("1", "Herfindahl-Hirschman index of production"),
    "HHIr": ("1", "Herfindahl-Hirschman index of reserves"),
    "HeatCapacityMass": ("J/(g K)", "specific heat capacity at standard temperature and pressure"),
    "HeatCapacityMolar": ("J/(mol K)", "molar heat capacity at standard temperature and pressure"),
    "HeatFusion": ("kJ/mol", "enthalpy of fusion per mole of atoms"),
    "HeatVaporization": ("kJ/mol", "enthalpy of vaporization"),
    "ICSDVolume": ("angstrom^3/atom", "volume of the phase in the ICSD at standard temperature and pressure"),
    "IsAlkali": ("1", "1 for alkali and alkaline earth metals"),
    "IsDBlock": ("1", "1 for d-block metals"),
    "IsFBlock": ("1", "1 for f-block metals"),
    "IsMetal": ("1", "1 for metals"),
    "IsMetalloid": ("1", "1 for metalloids"),
    "IsNonmetal": ("1", "1 for non-metals"),
    "LogThermalConductivity": ("ln(W/(m K))", "logarithm of the thermal conductivity"),
    "MeltingT": ("K", "melting temperature"),
    "MendeleevNumber": ("1", "Mendeleev number of Villars 2004"),
    "MiracleRadius": ("pm", "radius in metallic glasses of Miracle 2010"),
    "MolarVolume": ("cm^3/mol", "molar volume"),
    "NUnfilled": ("1", "unfilled valence states"),
    "NValence": ("1", "valence electrons, filled d and f shells included"),
    "NdUnfilled": ("1", "unfilled d valence states; 0 for an empty shell"),
    "NdValence": ("1", "d valence electrons"),
    "NfUnfilled": ("1", "unfilled f valence states; 0 for an empty shell"),
    "NfValence": ("1", "f valence electrons"),
    "NpUnfilled": ("1", "unfilled p valence states; 0 for an empty shell"),
    "NpValence": ("1", "p valence electrons"),
    "NsUnfilled": ("1", "unfilled s valence states; 0 for an empty shell"),
    "NsValence": ("1", "s valence electrons"),
    "Number": ("1", "atomic number"),
    "Polarizability": ("angstrom^3", "static average electric dipole polarizability"),
    "Row": ("1", "row of the periodic table"),
    "SecondIonizationEnergy": ("eV", "second ionization energy"),
    "ShearModulus": ("GPa", "shear modulus"),
    "SpaceGroupNumber": ("1", "space group number of the ground state"),
    "ThermalConductivity": ("W/(m K)", "thermal conductivity"),
    "VdWRadius": ("angstrom", "van der Waals radius"),
    "ZungerPP-r_d": ("bohr", "pseudopotential radius of the d orbital"),
    "ZungerPP-r_p": ("bohr", "pseudopotential radius of the p orbital"),
    "ZungerPP-r_pi": ("bohr", "absolute difference of the s and p pseudopotential radii"),
    "ZungerPP-r_s": ("bohr", "pseudopotential radius of the s orbital"),
    "ZungerPP-r_sigma": ("bohr", "sum of the s and p pseudopotential radii"),
    "n_ws^third": ("1", "cube root of the electron density at the Wigner-Seitz boundary, in density units of Miedema's model"),
    "phi": ("eV", "adjusted work function of Miedema's model"),
}

DEML = {
    "atom_num": ("1", "atomic number"),
    "atom_mass": ("g/mol", "atomic mass"),
    "row_num": ("1", "row of the periodic table"),
    "col_num": ("1", "column of the periodic table"),
    "atom_radius": ("pm", "atomic radius"),
    "molar_vol": ("cm^3/mol", "molar volume"),
    "heat_fusion": ("J/mol", "latent heat of fusion"),
    "melting_point": ("K", "melting point"),
    "boiling_point": ("K", "boiling point"),
    "heat_cap": ("J/(mol K)", "heat capacity of the standard state at 25 degrees Celsius"),
    "first_ioniz": ("J/mol", "first ionization energy"),
    "electronegativity": ("1", "Pauling electronegativity"),
    "electric_pol": ("angstrom^3", "electric dipole polarizability"),
    "GGAU_Etot": ("eV/atom", "GGA+U total energy of the reference phase"),
    "mus_fere": ("eV/atom", "fitted elemental-phase reference energy"),
    "FERE correction": ("eV/atom", "mus_fere minus GGAU_Etot"),
    "electron_affin": ("J/mol", "electron affinity"),
}

PYMATGEN = {
    "X": ("1", "Pauling electronegativity"),
    "row": ("1", "row of the periodic table"),
    "group": ("1", "group of the periodic table"),
    "block": ("1", "block: s 1, p 2, d 3, f 3"),
    "atomic_mass": ("u", "atomic mass"),
    "atomic_radius": ("angstrom", "atomic radius"),
    "mendeleev_no": ("1", "Mendeleev number"),
    "electrical_resistivity": ("ohm m", "electrical resistivity"),
    "velocity_of_sound": ("m/s", "velocity of sound"),
    "thermal_conductivity": ("W/(m K)", "thermal conductivity"),
    "melting_point": ("K", "melting point"),
    "bulk_modulus": ("GPa", "bulk modulus"),
    "coefficient_of_linear_thermal_expansion": ("K^-1", "coefficient of linear thermal expansion"),
}

MIEDEMA = {
    "molar_volume": ("cm^3/mol", "molar volume V"),
    "electron_density": ("1", "electron density n_ws at the Wigner-Seitz boundary, in density units"),
    "electronegativity": ("V", "adjusted work function phi*"),
    "valence_electrons": ("1", "valence electrons"),
    "a_const": ("1", "constant a of the volume correction"),
    "R_const": ("1", "R/P of the hybridization term"),
    "H_trans": ("kJ/mol", "enthalpy of transformation into the metallic state"),
    "compressibility": ("GPa", "bulk modulus (so named at the source)"),
    "shear_modulus": ("GPa", "shear modulus"),
    "melting_point": ("K", "melting point"),
    "structural_stability": ("kJ/mol", "lattice stability of the stable structure"),
}


def number(value):
    """Shortest text that reads back to the same float; empty for a missing value."""
    value = float(value)
    if math.isnan(value):
        return ""
    return str(int(value)) if value == int(value) and abs(value) < 1e15 else repr(value)


def magpie():
    source = matminer_data.MagpieData(impute_nan=False).all_elemental_props
    assert set(source) - set(MAGPIE) == {"IonizationEnergies", "OxidationStates"}
    return MAGPIE, {s: [source[c][s] for c in MAGPIE] for s in SYMBOLS}


def deml():
    source = matminer_data.DemlData(impute_nan=False)

    def value(symbol, column):
        try:
            return source.get_elemental_property(Element(symbol), column)
        except KeyError:  # first_ioniz of elements without ionization energies
            return math.nan

    return DEML, {s: [value(s, c) for c in DEML] for s in SYMBOLS}


def pymatgen():
    source = matminer_data.PymatgenData(impute_nan=False)
    return PYMATGEN, {s: [source.get_elemental_property(Element(s), c) for c in PYMATGEN] for s in SYMBOLS}


def miedema():
    path = pathlib.Path(matminer_data.module_dir) / "data_files" / "Miedema.csv"
    with open(path, newline="") as file:
        rows = {row["element"]: row for row in csv.DictReader(file)}
    return MIEDEMA, {s: [rows[s][c] or "nan" if s in rows else math.nan for c in MIEDEMA] for s in SYMBOLS}


SCATTERING = {
    f"{letter}{place}": (unit, f"{meaning} of term {place}")
    for place in range(1, 5)
    for letter, unit, meaning in (("a", "angstrom", "weight"), ("b", "angstrom^2", "width"))
}


def scattering():
    """Without D, which is H."""
    path = pathlib.Path(xrd.__file__).with_name("atomic_scattering_params.json")
    source = json.loads(path.read_text())
    rows = {s: [x for term in source[s] for x in term] if s in source else [math.nan] * 8 for s in SYMBOLS}
    return SCATTERING, rows


VALENCE_SUBSHELLS = {
    **{
        letter: ("1", f"numbers of electrons k in valence subshells of kind {letter}, as the sum of 2^(k - 1)")
        for letter in "spdf"
    },
    "period": ("1", "period, 6 for lanthanides and 7 for actinides"),
}


def valence_subshells():
    """The vectors of the orbital field matrix: which numbers of electrons its s, p, d, f subshells have, and the period."""
    vectors = OrbitalFieldMatrix(period_tag=True).ohvs
    rows = {s: [math.nan] * 5 for s in SYMBOLS}
    for z, vector in vectors.items():
        flags = vector.A1.tolist()
        starts = [0, 2, 8, 18, 32]
        masks = [sum(flag << k for k, flag in enumerate(flags[a:b])) for a, b in zip(starts, starts[1:])]
        rows[SYMBOLS[z - 1]] = [*masks, flags.index(1, 32) - 31]
    return VALENCE_SUBSHELLS, rows


def mixing_enthalpy():
    source = matminer_data.MixingEnthalpy(impute_nan=False).mixing_data
    order = {s: z for z, s in enumerate(SYMBOLS)}
    pairs = sorted((tuple(sorted(pair, key=order.get)), value) for pair, value in source.items())
    return sorted(pairs, key=lambda item: (order[item[0][0]], order[item[0][1]]))


WARD = ["10.1038/npjcompumats.2016.28"]
CARDS = {
    "elements/magpie": dict(
        title="Magpie element data", version="matminer-0.10.1", references=WARD, licence=MATMINER_BSD,
        commercial_use="unknown", source="matminer 0.10.1, utils/data_files/magpie_elementdata/*.table",
        gaps="Nh to Og are missing in every column; IonizationEnergies (several columns in one) and OxidationStates (lists) are left out",
        missing="the source says Missing or has no line: not known, never imputed"),
    "elements/deml": dict(
        title="Element data of Deml 2016", version="matminer-0.10.1", references=["10.1103/PhysRevB.93.085142"],
        licence="BSD-3-Clause-LBNL (the matminer package); the original repository states none", commercial_use="unknown",
        source="matminer 0.10.1, utils/data_files/deml_elementdata.py, from github.com/ademl/predict_Etot_dHf",
        gaps="53 (reference energies) to 109 (numbers, masses) elements a column; first_ioniz stops at Ra",
        missing="the source has no entry: not known, never imputed"),
    "elements/pymatgen": dict(
        title="Element data of pymatgen", version="pymatgen-core-2026.10.16", references=["10.1016/j.commatsci.2012.10.028"],
        licence="MIT", commercial_use="yes", source="pymatgen-core 2026.10.16, Element attributes, read through matminer 0.10.1",
        gaps="missing: X 18, atomic_radius 30, electrical_resistivity 36, velocity_of_sound 46, thermal_conductivity 22, melting_point 15, bulk_modulus 49, coefficient_of_linear_thermal_expansion 55, mendeleev_no 15",
        missing="pymatgen has no value: not known, never imputed"),
    "elements/miedema": dict(
        title="Parameters of Miedema's model", version="matminer-0.10.1", references=["isbn:9780444870988", "10.1016/j.cpc.2016.08.013"],
        licence="BSD-3-Clause-LBNL (the matminer package); numbers from the literature", commercial_use="unknown",
        source="matminer 0.10.1, utils/data_files/Miedema.csv",
        gaps="73 elements; without O, F, S, Cl, Se, Br, Te, I, Po, At, noble gases, Fr, Ra, Ac, Pa, Np, Am and beyond",
        missing="the model has no parameters for the element: its enthalpies are not defined"),
    "elements/scattering": dict(
        title="Atomic scattering factors for X-rays", version="pymatgen-core-2026.10.16", references=["10.1017/CBO9781139051637", "10.1016/j.commatsci.2012.10.028"],
        licence="MIT", commercial_use="yes",
        source="pymatgen-core 2026.10.16, analysis/diffraction/atomic_scattering_params.json: f(s) = Z - 41.78214 s^2 sum a exp(-b s^2), s = sin(theta)/lambda in 1/angstrom",
        gaps="98 elements, H to Cf; fewer than four terms are filled up with zeros",
        missing="no parameters for the element: its diffraction pattern is not defined"),
    "elements/valence_subshells": dict(
        title="Valence subshells of the elements", version="matminer-0.10.1", references=["10.1080/14686996.2017.1378060", "10.1016/j.commatsci.2018.05.018"],
        licence="MIT (configurations of pymatgen) and BSD-3-Clause-LBNL (their reading by matminer)", commercial_use="yes",
        source="matminer 0.10.1, OrbitalFieldMatrix.get_ohv, on the electron configurations of pymatgen-core 2026.10.16; the shell that is filled last counts as outermost, so that Cr has 3s2 beside 4s1",
        gaps="94 elements, H to Pu", missing="the vector of the element is not defined, nor is the matrix of its crystals"),
    "pairs/mixing_enthalpy": dict(
        title="Mixing enthalpies of liquid binary alloys at equal amounts", version="matminer-0.10.1",
        references=["10.2320/matertrans.46.2817"], licence="BSD-3-Clause-LBNL (the matminer package); numbers from the literature",
        commercial_use="unknown", source="matminer 0.10.1, utils/data_files/MiedemaLiquidDeltaHf.tsv (Takeuchi and Inoue 2005)",
        gaps="2628 pairs of 73 elements", missing="a pair without line is not tabulated"),
}


def text(value):
    return json.dumps(value, ensure_ascii=False)


def card(path, content, columns):
    spec = CARDS[path]
    lines = [f"name = {text(path.split('/')[1])}"]
    lines += [f"{key} = {text(spec[key])}" for key in ("title", "version", "source", "references", "licence", "commercial_use")]
    lines += [f"retrieved = {text(RETRIEVED)}", f"sha256 = {text(hashlib.sha256(content.encode()).hexdigest())}"]
    lines += ['script = "data/build/elements.py"', f"gaps = {text(spec['gaps'])}", f"missing = {text(spec['missing'])}", "", "[columns]"]
    lines += [f"{text(name)} = {{ unit = {text(unit)}, meaning = {text(meaning)} }}" for name, (unit, meaning) in columns.items()]
    return "\n".join(lines) + "\n"


def table(header, rows):
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return out.getvalue()


def main():
    for package, pinned in PINNED.items():
        assert version(package) == pinned, f"{package} is {version(package)}, expected {pinned}"
    contents = {}
    for build in (magpie, deml, pymatgen, miedema, scattering, valence_subshells):
        columns, rows = build()
        body = [[symbol, *map(number, values)] for symbol, values in rows.items()]
        contents[f"elements/{build.__name__}"] = (table(["symbol", *columns], body), {"symbol": ("text", "element"), **columns})
    columns = {"first": ("text", "element"), "second": ("text", "element"), "mixing_enthalpy": ("kJ/mol", "enthalpy of mixing of the liquid at equal amounts")}
    body = [[a, b, number(value)] for (a, b), value in mixing_enthalpy()]
    contents["pairs/mixing_enthalpy"] = (table(columns, body), columns)
    for path, (content, columns) in contents.items():
        target = DATA / f"{path}.csv"
        if "--check" in sys.argv:
            assert target.read_text() == content, f"{target.relative_to(DATA)} would change"
            continue
        target.parent.mkdir(exist_ok=True)
        target.write_text(content, newline="\n")
        target.with_suffix(".toml").write_text(card(path, content, columns), newline="\n")


main()
