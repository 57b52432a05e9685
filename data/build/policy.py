"""Rebuilds the policy tables under data/policy/ from mendeleev 1.3.0, SMACT 4.0.2 and the lists transcribed below.

    pip install mendeleev==1.3.0 --no-deps && pip install SMACT==4.0.2
    python data/build/policy.py            # writes data/policy/*.{csv,toml}
    python data/build/policy.py --check    # writes nothing, fails if a .csv would change

The element database of mendeleev (SQLite) is read as a file, so that none of its dependencies is needed.
"""

import hashlib
import importlib.metadata
import json
import pathlib
import sqlite3
import sys

DATA = pathlib.Path(__file__).resolve().parent.parent / "policy"
RETRIEVED = "2026-11-23"
PINNED = {"mendeleev": "1.3.0", "smact": "4.0.2"}


def package_file(package, path):
    found = importlib.metadata.version(package)
    if found != PINNED[package]:
        sys.exit(f"{package} {found} is installed, the tables are built from {PINNED[package]}")
    return importlib.metadata.distribution(package).locate_file(path)


ELEMENTS = {
    symbol: {"price": price, "crust": crust, "radioactive": radioactive}
    for symbol, price, crust, radioactive in sqlite3.connect(
        f"file:{package_file('mendeleev', 'mendeleev/elements.db')}?mode=ro", uri=True
    ).execute("select symbol, price_per_kg, abundance_crust, is_radioactive from elements order by atomic_number")
}
assert len(ELEMENTS) == 118


def elements(text):
    names = text.split()
    assert set(names) <= set(ELEMENTS) and len(set(names)) == len(names), text
    return set(names)


# Regulation (EU) 2024/1252, Annex II, section 1. Baryte is read as Ba, fluorspar as F, phosphate rock and phosphorus as P,
# bauxite/alumina/aluminium as Al; light and heavy rare earths and platinum-group metals as in the Commission's study of 2023
# (no Pm, no Os). Not read as elements: coking coal and graphite (forms of C), feldspar (no single element).
EU_2023 = elements(
    "Sb As Al Ba Be Bi B Co Cu F Ga Ge Hf He Li Mg Mn Ni Nb P Sc Si Sr Ta Ti W V "
    "Dy Er Eu Gd Ho Lu Tb Tm Yb Y Ce La Nd Pr Sm Ir Pd Pt Rh Ru"
)
# 2022 Final List of Critical Minerals, 87 FR 10381 (24 February 2022), 50 entries. Barite is read as Ba, fluorspar as F;
# graphite is not read as C.
US_2022 = elements(
    "Al Sb As Ba Be Bi Ce Cs Cr Co Dy Er Eu F Gd Ga Ge Hf Ho In Ir La Li Lu Mg Mn Nd Ni Nb Pd Pt Pr Rh Rb Ru Sm Sc Ta Te Tb "
    "Tm Sn Ti W V Yb Y Zn Zr"
)
assert len(US_2022) == 49
# National Mineral Resources Plan of China (2016-2020), catalogue of 24 strategic minerals, November 2016. Potash is read as K,
# fluorite as F, rare earths as the lanthanides without Pm, and Y; crystalline graphite and fuels are not read as elements, but
# uranium is.
CN_2016 = elements(
    "U Fe Cr Cu Al Au Ni W Sn Mo Sb Co Li Zr P K F La Ce Pr Nd Sm Eu Gd Tb Dy Ho Er Tm Yb Lu Y"
)
# Directive 2011/65/EU (RoHS), Annex II: largest mass fraction in homogeneous material. The limits of hexavalent chromium and of
# the organic substances say nothing of an element as such.
ROHS = {"Pb": "0.001", "Hg": "0.001", "Cd": "0.0001"}
# ICH Q3D(R2), 26 April 2022, Table A.2.1: permitted daily oral exposure in microgram a day.
ICH_ORAL = {
    "Cd": 5, "Pb": 5, "As": 15, "Hg": 30, "Co": 50, "V": 100, "Ni": 220, "Tl": 8, "Au": 300, "Pd": 100, "Ir": 100, "Os": 100,
    "Rh": 100, "Ru": 100, "Se": 150, "Ag": 150, "Pt": 100, "Li": 550, "Sb": 1200, "Ba": 1400, "Mo": 3000, "Cu": 3000,
    "Sn": 6000, "Cr": 11000,
}  # fmt: skip
# IARC Monographs 100C (2012): carcinogenic to humans (group 1) as element and in its inorganic compounds, whatever its valence.
IARC_1 = elements("As Be Cd")


def toxicity(symbol):
    """3 high, 2 medium, 1 low, 0 in none of the lists; the rule is on the card."""
    exposure = ICH_ORAL.get(symbol)
    if symbol in IARC_1 or exposure is not None and exposure <= 30:
        return 3
    if exposure is not None:
        return 2 if exposure <= 300 else 1
    return 0


def hhi():
    rows = {}
    for line in pathlib.Path(package_file("smact", "smact/data/hhi.txt")).read_text().splitlines():
        if line.strip() and not line.startswith("#"):
            symbol, production, reserve = line.split()
            rows[symbol] = [production, reserve]
    return rows


def number(value):
    return "" if value is None else repr(value).removesuffix(".0")


def flag(symbol, listed):
    return str(int(symbol in listed))


HHI = hhi()
TABLES = {
    "price": {
        "title": "Prices of the elements",
        "version": "mendeleev-1.3.0",
        "source": "mendeleev 1.3.0, price_per_kg, read there from Wikipedia, Prices of chemical elements, revision 1262554464 (December 2024); the lower end of a range",
        "references": ["https://en.wikipedia.org/w/index.php?oldid=1262554464", "https://pypi.org/project/mendeleev/1.3.0/"],
        "licence": "MIT (the mendeleev package); numbers from Wikipedia, whose text is CC-BY-SA-4.0",
        "commercial_use": "yes",
        "missing": "no price is quoted: the element is not traded",
        "columns": {"price": ("USD/kg", "price of the element or of its usual traded form, years 1998 to 2022")},
        "row": lambda s: [number(ELEMENTS[s]["price"])],
    },
    "abundance": {
        "title": "Abundance of the elements in the Earth's crust",
        "version": "mendeleev-1.3.0",
        "source": "mendeleev 1.3.0, abundance_crust, from the CRC Handbook of Chemistry and Physics, 95th edition (2014)",
        "references": ["isbn:9781482208672", "https://pypi.org/project/mendeleev/1.3.0/"],
        "licence": "MIT (the mendeleev package)",
        "commercial_use": "yes",
        "missing": "no abundance is tabulated: traces at most",
        "columns": {"abundance": ("ppm", "mass fraction in the continental crust")},
        "row": lambda s: [number(ELEMENTS[s]["crust"])],
    },
    "hhi": {
        "title": "Herfindahl-Hirschman indices of element supply",
        "version": "smact-4.0.2",
        "source": "SMACT 4.0.2, data/hhi.txt, from Gaultois et al. 2013 (market data of 2011)",
        "references": ["10.1021/cm400893e"],
        "licence": "MIT (the SMACT package)",
        "commercial_use": "yes",
        "missing": "the publication has no index for the element",
        "columns": {
            "hhi_production": ("1", "concentration of production over countries, 0 to 10000; above 2500 is highly concentrated"),
            "hhi_reserve": ("1", "concentration of reserves over countries, 0 to 10000"),
        },
        "row": lambda s: HHI.get(s, ["", ""]),
    },
    "critical": {
        "title": "Critical and strategic raw materials, read as elements",
        "version": "2024-05",
        "source": "Regulation (EU) 2024/1252, Annex II (list of 2023); 87 FR 10381 of 24 February 2022 (USA); National Mineral Resources Plan 2016-2020 of November 2016 (China); transcribed, the reading as elements is in the script",
        "references": [
            "http://data.europa.eu/eli/reg/2024/1252/oj",
            "https://www.federalregister.gov/d/2022-04027",
            "https://www.cnpowder.com.cn/news/40333.html",
        ],
        "licence": "public-domain legal texts",
        "commercial_use": "yes",
        "missing": "no gaps: 0 is not listed; C is never flagged although graphite and coking coal are listed",
        "columns": {
            "eu_2023": ("1", "1 for critical raw materials of the European Union"),
            "us_2022": ("1", "1 for critical minerals of the United States"),
            "cn_2016": ("1", "1 for strategic minerals of China"),
        },
        "row": lambda s: [flag(s, EU_2023), flag(s, US_2022), flag(s, CN_2016)],
    },
    "hazard": {
        "title": "Radioactivity, toxicity and RoHS limits of the elements",
        "version": "2026-11",
        "source": "mendeleev 1.3.0, is_radioactive; Directive 2011/65/EU, Annex II; ICH Q3D(R2) of 26 April 2022, Table A.2.1; IARC Monographs 100C (2012); transcribed",
        "references": [
            "https://pypi.org/project/mendeleev/1.3.0/",
            "http://data.europa.eu/eli/dir/2011/65/oj",
            "https://database.ich.org/sites/default/files/Q3D-R2_Guideline_Step4_2022_0308.pdf",
            "isbn:9789283213208",
        ],
        "licence": "MIT (the mendeleev package); public-domain legal texts and facts",
        "commercial_use": "yes",
        "missing": "rohs: no limit for the element; oral_exposure: the guideline does not assess the element, which is no sign of safety",
        "columns": {
            "radioactive": ("1", "1 for elements without a stable isotope; Bi, half-life 2e19 years, counts as stable"),
            "rohs": ("1", "largest mass fraction in homogeneous material; hexavalent Cr and organic Br are not limits of the element"),
            "oral_exposure": ("1", "permitted daily oral exposure in microgram a day"),
            "toxicity": ("1", "3 oral exposure up to 30 microgram a day or IARC group 1 in all inorganic compounds, 2 up to 300, 1 above 300, 0 not assessed"),
        },
        "row": lambda s: [
            str(ELEMENTS[s]["radioactive"]),
            ROHS.get(s, ""),
            str(ICH_ORAL.get(s, "")),
            str(toxicity(s)),
        ],
    },
}  # fmt: skip


def build(name, table):
    rows = [["symbol", *table["columns"]], *([symbol, *table["row"](symbol)] for symbol in ELEMENTS)]
    content = "".join(",".join(row) + "\n" for row in rows)
    holes = [sum(row[i] == "" for row in rows) for i in range(len(rows[0]))]
    gaps = ", ".join(f"{column} {n}" for column, n in zip(rows[0], holes) if n) or "none"
    fields = {
        "name": name,
        **{key: table[key] for key in ("title", "version", "source", "references", "licence", "commercial_use")},
        "retrieved": RETRIEVED,
        "sha256": hashlib.sha256(content.encode()).hexdigest(),
        "script": "data/build/policy.py",
        "gaps": f"missing: {gaps}",
        "missing": table["missing"],
    }
    # JSON strings and lists of strings are TOML ones too.
    card = "".join(f"{key} = {json.dumps(value, ensure_ascii=False)}\n" for key, value in fields.items())
    card += "\n[columns]\n"
    for column, (unit, meaning) in {"symbol": ("text", "element"), **table["columns"]}.items():
        card += f'"{column}" = {{ unit = "{unit}", meaning = {json.dumps(meaning)} }}\n'
    return content, card


def main():
    DATA.mkdir(exist_ok=True)
    for name, table in TABLES.items():
        content, card = build(name, table)
        if "--check" in sys.argv[1:]:
            if (DATA / f"{name}.csv").read_text() != content:
                sys.exit(f"data/policy/{name}.csv differs from what the script builds")
        else:
            (DATA / f"{name}.csv").write_text(content)
            (DATA / f"{name}.toml").write_text(card)


main()
