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


def read(entries, text):
    """The elements for which the entries of a list stand."""
    items = [line.split(":") for line in text.strip().splitlines()]
    assert len(items) == entries, len(items)
    return set().union(*(elements(symbols) for _, symbols in items))


# How lists of minerals become lists of elements, one line an entry, in the order of the document:
# - An element, whatever its form or grade ("silicon metal", "nickel - battery grade"), is that element: the table cannot tell
#   a grade, and flags the element in any compound.
# - A mineral with one element for whose sake it is mined is that element: bauxite Al, baryte (barite) Ba, fluorspar (fluorite)
#   F, phosphate rock P, potash K.
# - Not read: forms of carbon and fuels (coking or metallurgical coal, graphite, oil, gas), so that C is never flagged, and
#   feldspar, mined for itself and not for one of K, Na, Ca, Al, Si (of which Al and Si have entries of their own).
# - Groups are read as their document or its preparatory study does.

# Regulation (EU) 2024/1252 of 11 April 2024, Annex II, section 1: 34 entries, (a) to (ah). The groups are those of the
# Commission's Study on the critical raw materials for the EU 2023, on which the annex rests: 10 heavy and 5 light rare earths (Y
# among the heavy, no Pm; Sc has its own entry) and 5 platinum-group metals (no Os).
# Compared with the annex as listed by
# - Statistics Netherlands, all 34 entries: https://cbs.nl/en-gb/news/2024/37/most-imports-of-rare-earth-elements-are-contained-in-manufactured-products/critical-raw-materials
# - Fastmarkets, the list as proposed on 16 March 2023: https://www.fastmarkets.com/insights/ec-names-critical-strategic-raw-materials
#   (all but aluminium, which the regulation puts beside bauxite, and the word natural, which it drops before graphite)
# - quotations of single entries with their letters in https://github.com/nwyin/periodic-atlas, folder verification: (a) antimony,
#   (e) beryllium, (f) bismuth, (o) hafnium, (s) lithium, (x) niobium, (aa) platinum group metals, (ah) vanadium; they fit the
#   order below
# and its groups with https://www.doganasostenibile.it/2023/03/20/eu-critical-raw-materials-assessed-for-2023/ (study of 2023).
EU_2023 = read(34, """
antimony: Sb
arsenic: As
bauxite/alumina/aluminium: Al
baryte: Ba
beryllium: Be
bismuth: Bi
boron: B
cobalt: Co
coking coal:
copper: Cu
feldspar:
fluorspar: F
gallium: Ga
germanium: Ge
hafnium: Hf
helium: He
heavy rare earth elements: Dy Er Eu Gd Ho Lu Tb Tm Yb Y
light rare earth elements: Ce La Nd Pr Sm
lithium: Li
magnesium: Mg
manganese: Mn
graphite:
nickel - battery grade: Ni
niobium: Nb
phosphate rock: P
phosphorus: P
platinum group metals: Ir Pd Pt Rh Ru
scandium: Sc
silicon metal: Si
strontium: Sr
tantalum: Ta
titanium metal: Ti
tungsten: W
vanadium: V
""")
# 2022 Final List of Critical Minerals, 87 FR 10381, 24 February 2022 (FR Doc. 2022-04027): 50 entries. Compared with the summary
# of the notice, which names all of them, as the Federal Register delivers it; stored in
# https://github.com/ai-village-agents/deepseek-news, _posts/2022-02-24-18-58-13-2022-final-list-of-critical-minerals-3bfdb6.md
US_2022_ENTRIES = """
aluminum: Al
antimony: Sb
arsenic: As
barite: Ba
beryllium: Be
bismuth: Bi
cerium: Ce
cesium: Cs
chromium: Cr
cobalt: Co
dysprosium: Dy
erbium: Er
europium: Eu
fluorspar: F
gadolinium: Gd
gallium: Ga
germanium: Ge
graphite:
hafnium: Hf
holmium: Ho
indium: In
iridium: Ir
lanthanum: La
lithium: Li
lutetium: Lu
magnesium: Mg
manganese: Mn
neodymium: Nd
nickel: Ni
niobium: Nb
palladium: Pd
platinum: Pt
praseodymium: Pr
rhodium: Rh
rubidium: Rb
ruthenium: Ru
samarium: Sm
scandium: Sc
tantalum: Ta
tellurium: Te
terbium: Tb
thulium: Tm
tin: Sn
titanium: Ti
tungsten: W
vanadium: V
ytterbium: Yb
yttrium: Y
zinc: Zn
zirconium: Zr
"""
US_2022 = read(50, US_2022_ENTRIES)
# Final 2025 List of Critical Minerals, 90 FR 50494, 7 November 2025 (FR Doc. 2025-19813): 60 entries, the 50 of 2022 and these.
# Compared with the summary of the notice, which names all 60; stored in https://github.com/ai-village-agents/deepseek-news,
# _posts/2025-11-07-21-46-38-final-2025-list-of-critical-minerals-4611db.md
US_2025 = read(60, US_2022_ENTRIES + """
boron: B
copper: Cu
lead: Pb
metallurgical coal:
phosphate: P
potash: K
rhenium: Re
silicon: Si
silver: Ag
uranium: U
""".lstrip())
# National Mineral Resources Plan of China (2016-2020), catalogue of strategic minerals, November 2016: 24 entries. Compared with
# the announcement of the Ministry of Land and Resources of 29 November 2016 in two copies: https://cnpowder.com.cn/news/40333.html
# and http://www.fzwjzx.com/Policies/33.html. Rare earths are the lanthanides without Pm, and Y, as in the metals of the annex to
# the Rules for the Implementation of the Mineral Resources Law (State Council Decree 152, 1994), which count no Pm
# (https://max.book118.com/html/2021/0106/5022131303003103.shtm); Sc, a rare earth in some counts, is not read as one.
CN_2016 = read(24, """
石油 oil:
天然气 natural gas:
页岩气 shale gas:
煤炭 coal:
煤层气 coal-bed methane:
铀 uranium: U
铁 iron: Fe
铬 chromium: Cr
铜 copper: Cu
铝 aluminium: Al
金 gold: Au
镍 nickel: Ni
钨 tungsten: W
锡 tin: Sn
钼 molybdenum: Mo
锑 antimony: Sb
钴 cobalt: Co
锂 lithium: Li
稀土 rare earths: La Ce Pr Nd Sm Eu Gd Tb Dy Ho Er Tm Yb Lu Y
锆 zirconium: Zr
磷 phosphorus: P
钾盐 potash: K
晶质石墨 crystalline graphite:
萤石 fluorite: F
""")
# Directive 2011/65/EU (RoHS), Annex II: largest mass fraction in homogeneous material. Lead 0,1 %, mercury 0,1 %, cadmium
# 0,01 %; the other seven entries (hexavalent chromium, PBB, PBDE, DEHP, BBP, DBP, DIBP, 0,1 % each) say nothing of an element as
# such. Compared with the consolidated annex: https://navigator.emis.vito.be/mijn-navigator?woId=45211&lang=nl
ROHS = {"Pb": "0.001", "Hg": "0.001", "Cd": "0.0001"}
# ICH Q3D(R2), 26 April 2022, Table A.2.1: permitted daily oral exposure in microgram a day, 24 elements, rounded as in the table
# (the monographs of Appendix 3 give unrounded numbers, for Ni 220). Compared with
# - the 21 elements that https://github.com/8fqycwdt8v-oss/Chemclaw3-mcp transcribes from that table (all but Ag, Au, Ni):
#   servers/safety/src/chemclaw_mcp_safety/data/ich_q3d/ich_q3d.yaml
# - all 24 of Q3D(R1), https://speakerdeck.com/xjorv/ich-q3d-wu-ji-bu-chun-wu-nituite: Ag 150, Ni 200, Au still 100; what R2
#   corrects are the exposures to gold by all routes, silver parenteral, nickel inhaled (Federal Register, FR Doc. 2021-10011), gold to
#   300 by mouth (https://billeveast.com/revised-ich-q3d-r2-guideline-on-elemental-impurities/)
ICH_ORAL = {
    "Cd": 5, "Pb": 5, "As": 15, "Hg": 30, "Co": 50, "V": 100, "Ni": 200, "Tl": 8, "Au": 300, "Pd": 100, "Ir": 100, "Os": 100,
    "Rh": 100, "Ru": 100, "Se": 150, "Ag": 150, "Pt": 100, "Li": 550, "Sb": 1200, "Ba": 1400, "Mo": 3000, "Cu": 3000,
    "Sn": 6000, "Cr": 11000,
}  # fmt: skip
assert len(ICH_ORAL) == 24
# IARC Monographs 100C (2012): carcinogenic to humans (group 1) as element and in its inorganic compounds, whatever its valence.
# "Arsenic and inorganic arsenic compounds", "beryllium and beryllium compounds", "cadmium and cadmium compounds"; not Cr, of which
# only the compounds of Cr(VI) are in group 1, nor Ni, of which only the compounds are. The radionuclides of volume 100D (Pu, Ra,
# Rn, Th) are not read: their elements are flagged as radioactive. Compared with
# https://www.bibra-information.co.uk/iarc-evaluates-carcinogenic-potential-of-arsenic-metals-fibres-and-dusts/ and with the
# elements among the agents of group 1 as of 2021 (CompTox list IARC1, in https://github.com/adamtheising/ubiquitous_carcinogens,
# raw_data/CompTox_IARC1.csv), which hold no further metal.
IARC_1 = elements("As Be Cd")
# Elements without a stable isotope: Tc, Pm and all from Po on. Bi is not among them: 209Bi decays, with a half-life of 2e19 years.
# pymatgen 2026.10.24 (Element.is_radioactive) has the same elements.
assert [z for z, element in enumerate(ELEMENTS.values(), 1) if element["radioactive"]] == [43, 61, *range(84, 119)]


def toxicity(symbol):
    """3 high, 2 medium, 1 low, 0 in neither list; the rule is on the card."""
    exposure = ICH_ORAL.get(symbol)
    if symbol in IARC_1 or exposure is not None and exposure <= 30:
        return 3
    if exposure is not None:
        return 2 if exposure <= 300 else 1
    return 0


def hhi():
    """Both indices of the 77 elements in the paper; pymatgen 2026.10.24 (analysis/hhi_data.csv) has the same 154 numbers."""
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
        "references": [
            "https://en.wikipedia.org/w/index.php?oldid=1262554464",
            "https://creativecommons.org/licenses/by-sa/4.0/",
            "https://pypi.org/project/mendeleev/1.3.0/",
        ],
        "licence": "MIT (the mendeleev package); the numbers are from Wikipedia, whose text is CC-BY-SA-4.0: commercial use is allowed with attribution (the references here) and share-alike; a single price is a fact and not protected, the table as a whole may be, and then is CC-BY-SA-4.0",
        "commercial_use": "yes",
        # A later revision in https://github.com/jacksund/simmate (src/simmate/apps/price_catalog/data/wikipedia_prices_of_elements.csv)
        # has the same prices, the middle where we have the lower end of a range, and new ones for Os and Ir.
        "gaps": "prices of 1998 to 2024 side by side, the year of each only in the source; of several isotopes the cheapest",
        "missing": "no price is quoted: the element is not traded",
        "columns": {"price": ("USD/kg", "price of the element or of its usual traded form, years 1998 (Am) to 2024 (Au), most 2018 to 2020")},
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
        "version": "2025-11",
        "source": "Regulation (EU) 2024/1252, Annex II (list of 2023); 87 FR 10381 of 24 February 2022 and 90 FR 50494 of 7 November 2025 (USA); National Mineral Resources Plan 2016-2020 of November 2016 (China); transcribed entry by entry, the reading as elements and the copies compared are in the script",
        "references": [
            "http://data.europa.eu/eli/reg/2024/1252/oj",
            "https://www.federalregister.gov/d/2022-04027",
            "https://www.federalregister.gov/d/2025-19813",
            "https://www.cnpowder.com.cn/news/40333.html",
        ],
        "licence": "legal texts and notices of authorities, free to reuse with their source named",
        "commercial_use": "yes",
        "gaps": "an element is flagged whatever its form or grade, also where the entry names one (silicon and titanium metal, battery-grade nickel, fluorspar for F, baryte for Ba, bauxite for Al, phosphate for P, potash for K); coal, graphite, fuels and feldspar are read as no element; rare earths are 15 elements without Pm, and Sc only where it has its own entry; the lists of the EU and China are compared with copies and announcements, not with the gazettes",
        "missing": "no gaps: 0 is not listed; C is never flagged although graphite and coking coal are listed",
        "columns": {
            "eu_2023": ("1", "1 for critical raw materials of the European Union"),
            "us_2022": ("1", "1 for critical minerals of the United States, list of 2022"),
            "us_2025": ("1", "1 for critical minerals of the United States, list of 2025, which replaces that of 2022"),
            "cn_2016": ("1", "1 for strategic minerals of China"),
        },
        "row": lambda s: [flag(s, EU_2023), flag(s, US_2022), flag(s, US_2025), flag(s, CN_2016)],
    },
    "hazard": {
        "title": "Radioactivity, toxicity and RoHS limits of the elements",
        "version": "2026-11.1",
        "source": "mendeleev 1.3.0, is_radioactive; Directive 2011/65/EU, Annex II; ICH Q3D(R2) of 26 April 2022, Table A.2.1; IARC Monographs 100C (2012); transcribed entry by entry, the copies compared are in the script",
        "references": [
            "https://pypi.org/project/mendeleev/1.3.0/",
            "http://data.europa.eu/eli/dir/2011/65/oj",
            "https://database.ich.org/sites/default/files/Q3D-R2_Guideline_Step4_2022_0308.pdf",
            "isbn:9789283213208",
        ],
        "licence": "MIT (the mendeleev package); EU law, free to reuse with its source named; numbers and classes of ICH and IARC, facts read from copyrighted documents",
        "commercial_use": "yes",
        "gaps": "the ICH guideline is compared with copies of its tables, not with the document of ICH; toxicity 0 is no sign of safety (for radionuclides, IARC 100D, see radioactive); Cr and Ni stand by their oral exposure, though compounds of Cr(VI) and of Ni are in group 1",
        "missing": "rohs: no limit for the element; oral_exposure: the guideline does not assess the element, which is no sign of safety",
        "columns": {
            "radioactive": ("1", "1 for elements without a stable isotope; Bi, half-life 2e19 years, counts as stable"),
            "rohs": ("1", "largest mass fraction in homogeneous material; hexavalent Cr and organic Br are not limits of the element"),
            "oral_exposure": ("1", "permitted daily oral exposure in microgram a day"),
            "toxicity": ("1", "3 oral exposure up to 30 microgram a day or group 1 of IARC 100C as element and in all inorganic compounds, 2 up to 300, 1 above 300, 0 not assessed"),
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
        "gaps": "; ".join([f"missing: {gaps}", *([table["gaps"]] if "gaps" in table else [])]),
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
