//! OPTIMADE structures (specification 1.x): entries of responses and of JSON lines, and flat documents of their databases.

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, Visitor};

use super::json::{self, Beside, Document, Matrix, Text, Vector, rows};
use super::json_framer::JsonFramer;
use super::refusal::{Refusal, element, lattice, occupancy, push_site, shown};
use super::{StructureFormat, StructureReader, StructureRecord};
use crate::candidate::{Fault, FaultCode};
use crate::crystal::Occupant;

/// A response, a list of entries, or documents in a row.
pub(super) const JSON: StructureFormat =
    StructureFormat { framer: || Box::new(JsonFramer::new()), reader: &OptimadeJson };

/// The JSON lines format for database exchange.
pub(super) const JSON_LINES: StructureFormat =
    StructureFormat { framer: || Box::new(JsonFramer::lines()), reader: &OptimadeJson };

const CODE: FaultCode = FaultCode::UnparsableJson;

/// Keys of ids, best first.
const IDS: [&str; 4] = ["id", "task_id", "immutable_id", "_id"];

struct OptimadeJson;

impl StructureReader for OptimadeJson {
    fn read(&self, record: &[u8], out: &mut StructureRecord) -> Result<(), Fault> {
        json::read::<Entry<'_>>(record, &mut None, out)
    }
}

/// An entry: what matters of its attributes, wherever they stand.
#[derive(Default)]
struct Entry<'a> {
    lattice_vectors: Option<Matrix>,
    positions: Option<Vec<Vector>>,
    species: Option<Vec<Species<'a>>>,
    species_at_sites: Option<Vec<Text<'a>>>,
    assemblies: Option<Vec<Assembly>>,
    structure_features: Option<Vec<Text<'a>>>,
}

#[derive(Deserialize)]
struct Species<'a> {
    #[serde(borrow)]
    name: Text<'a>,
    chemical_symbols: Vec<Text<'a>>,
    concentration: Option<Vec<f64>>,
    attached: Option<Vec<Text<'a>>>,
}

#[derive(Deserialize)]
struct Assembly {
    sites_in_groups: Vec<Vec<usize>>,
    group_probabilities: Vec<f64>,
}

impl<'de> Document<'de> for Entry<'de> {
    fn take<A: MapAccess<'de>>(&mut self, key: &str, map: &mut A, beside: &mut Beside<'_>) -> Result<(), A::Error> {
        match key {
            "attributes" | "data" => map.next_value_seed(Attributes { entry: self, beside })?,
            "lattice_vectors" => self.lattice_vectors = map.next_value()?,
            "cartesian_site_positions" => self.positions = map.next_value()?,
            "species" => self.species = map.next_value()?,
            "species_at_sites" => self.species_at_sites = map.next_value()?,
            "assemblies" => self.assemblies = map.next_value()?,
            "structure_features" => self.structure_features = map.next_value()?,
            _ => beside.take(&IDS, key, map)?,
        }
        Ok(())
    }

    fn build(self, out: &mut StructureRecord) -> Result<(), Refusal> {
        let missing = |what: &str| Refusal::new(CODE, format!("no `{what}`: an OPTIMADE structure was expected"));
        let positions = self.positions.as_deref().ok_or_else(|| missing("cartesian_site_positions"))?;
        let names = self.species_at_sites.as_deref().ok_or_else(|| missing("species_at_sites"))?;
        let vectors = self.lattice_vectors.ok_or_else(|| missing("lattice_vectors"))?;
        if positions.len() != names.len() {
            let why = format!("{} `cartesian_site_positions`, but {} `species_at_sites`", positions.len(), names.len());
            return Err(Refusal::new(CODE, why));
        }
        if self.structure_features.iter().flatten().any(|feature| feature.0 == "implicit_atoms") {
            return Err(Refusal::new(CODE, "`structure_features` names implicit_atoms: atoms without positions"));
        }
        let shares = self.shares(names.len())?;
        let by_name = self.by_name();
        let structure = out.begin(lattice(rows(vectors))?);
        let mut occupants = Vec::new();
        for (number, (Vector(cart), Text(name))) in positions.iter().zip(names).enumerate() {
            let share = shares.get(number).copied().unwrap_or(1.0);
            occupy(by_name.as_deref(), name, share, &mut occupants)
                .and_then(|()| push_site(structure, structure.lattice().frac(*cart), &mut occupants, CODE))
                .map_err(|refusal| refusal.of_site(number))?;
        }
        Ok(())
    }
}

impl Entry<'_> {
    /// Probability that a site is there at all; empty where all are.
    fn shares(&self, num_sites: usize) -> Result<Vec<f64>, Refusal> {
        let assemblies = self.assemblies.as_deref().unwrap_or_default();
        if assemblies.is_empty() {
            return Ok(Vec::new());
        }
        let mut shares = vec![1.0; num_sites];
        for assembly in assemblies {
            if assembly.sites_in_groups.len() != assembly.group_probabilities.len() {
                let (groups, shares) = (assembly.sites_in_groups.len(), assembly.group_probabilities.len());
                return Err(Refusal::new(CODE, format!("an assembly has {groups} groups, but {shares} probabilities")));
            }
            for (sites, &share) in assembly.sites_in_groups.iter().zip(&assembly.group_probabilities) {
                let share = occupancy(share, CODE)?;
                for &site in sites {
                    let slot = shares.get_mut(site).ok_or_else(|| {
                        Refusal::new(CODE, format!("an assembly names site {site} of {num_sites} sites"))
                    })?;
                    *slot *= share;
                }
            }
        }
        Ok(shares)
    }

    /// Species in order of their names, the first of the same name in front; `None` where the entry lists none.
    fn by_name(&self) -> Option<Vec<&Species<'_>>> {
        let mut species: Vec<_> = self.species.as_ref()?.iter().collect();
        species.sort_by(|a, b| a.name.0.cmp(&b.name.0));
        Some(species)
    }
}

/// Who sits on a site of the species `name`, which is an element where none are known; vacancies are nobody.
fn occupy(by_name: Option<&[&Species<'_>]>, name: &str, share: f64, out: &mut Vec<Occupant>) -> Result<(), Refusal> {
    out.clear();
    let Some(by_name) = by_name else {
        out.push(Occupant { element: element(name)?, occupancy: share, oxidation: None });
        return Ok(());
    };
    let place = by_name.partition_point(|species| *species.name.0 < *name);
    let species = by_name
        .get(place)
        .filter(|species| species.name.0 == name)
        .ok_or_else(|| Refusal::new(CODE, format!("{} is none of the `species`", shown(name))))?;
    if species.attached.as_ref().is_some_and(|attached| !attached.is_empty()) {
        let why = format!("the species {} has attached atoms, which have no positions", shown(name));
        return Err(Refusal::new(CODE, why));
    }
    let symbols = &species.chemical_symbols;
    let concentration = match &species.concentration {
        Some(concentration) => concentration.as_slice(),
        None if symbols.len() == 1 => &[1.0],
        None => &[],
    };
    if concentration.len() != symbols.len() {
        let (symbols, shares) = (symbols.len(), concentration.len());
        let why = format!("the species {} has {symbols} symbols, but {shares} concentrations", shown(name));
        return Err(Refusal::new(CODE, why));
    }
    for (Text(symbol), &concentration) in symbols.iter().zip(concentration) {
        let occupancy = occupancy(concentration, CODE)? * share;
        if symbol != "vacancy" {
            out.push(Occupant { element: element(symbol)?, occupancy, oxidation: None });
        }
    }
    Ok(())
}

/// The object under `attributes`, or the entry under `data`.
struct Attributes<'a, 'b, 'de> {
    entry: &'a mut Entry<'de>,
    beside: &'a mut Beside<'b>,
}

impl<'de> DeserializeSeed<'de> for Attributes<'_, '_, 'de> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Attributes<'_, '_, 'de> {
    type Value = ();

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(Text(key)) = map.next_key()? {
            match &*key {
                "data" => self.beside.take(&IDS, &key, &mut map)?,
                _ => self.entry.take(&key, &mut map, self.beside)?,
            }
        }
        Ok(())
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<StructureRecord, Fault> {
        let mut out = StructureRecord::default();
        OptimadeJson.read(text.as_bytes(), &mut out).map(|()| out)
    }

    const ENTRY: &str = r#"{"id": "x/1", "type": "structures", "attributes": {"_x_gap": 1.5, "nsites": 3,
        "lattice_vectors": [[4, 0, 0], [0, 4, 0], [0, 0, 4]], "dimension_types": [1, 1, 1],
        "cartesian_site_positions": [[0, 0, 0], [2, 2, 2], [2, 2, 0]], "species_at_sites": ["Si", "mix", "hole"],
        "species": [{"name": "Si", "chemical_symbols": ["Si"], "concentration": [1.0], "mass": [28.1]},
          {"name": "mix", "chemical_symbols": ["Ge", "Sn", "vacancy"], "concentration": [0.5, 0.25, 0.25]},
          {"name": "hole", "chemical_symbols": ["vacancy"], "concentration": [1.0]}], "assemblies": null}}"#;

    #[test]
    fn vacancies_are_nobody_and_attributes_are_properties() {
        for text in [ENTRY.to_owned(), format!(r#"{{"meta": {{}}, "data": {ENTRY}}}"#)] {
            let record = read(&text).expect("an entry");
            let structure = record.structure.expect("a structure");
            assert_eq!(structure.len(), 2, "the site of vacancies is empty");
            assert_eq!(structure.fracs()[1], [0.5; 3]);
            let shares: Vec<_> = structure.occupants(1).iter().map(|o| (o.element.symbol(), o.occupancy)).collect();
            assert_eq!(shares, [("Ge", 0.5), ("Sn", 0.25)]);
            assert_eq!(record.id, "x/1");
            assert_eq!(record.properties, [("_x_gap".to_owned(), 1.5), ("nsites".to_owned(), 3.0)]);
        }
    }

    #[test]
    fn assemblies_share_their_sites() {
        let assembly = r#""assemblies": [{"sites_in_groups": [[0], [1]], "group_probabilities": [0.25, 0.75]}]"#;
        let structure =
            read(&ENTRY.replace("\"assemblies\": null", assembly)).expect("an entry").structure.expect("a structure");
        assert_eq!(structure.occupants(0)[0].occupancy, 0.25);
        assert_eq!(structure.occupants(1)[0].occupancy, 0.375);
        let beyond = assembly.replace("[1]", "[3]");
        let fault = read(&ENTRY.replace("\"assemblies\": null", &beyond)).expect_err("no such site");
        assert_eq!(fault.detail, "line 1: an assembly names site 3 of 3 sites");
    }

    #[test]
    fn what_has_no_cell_or_position_is_a_fault() {
        for (old, new, code, detail) in [
            ("[0, 4, 0]", "[null, null, null]", FaultCode::ZeroVolume, "line 1: the cell vectors"),
            ("[[4, 0, 0], [0, 4, 0], [0, 0, 4]]", "null", CODE, "line 1: no `lattice_vectors`"),
            ("\"Si\", \"mix\"", "\"Si\", \"no\"", CODE, "line 1: site 1: \"no\" is none of the `species`"),
            ("[\"Si\"]", "[\"X\"]", FaultCode::UnknownElement, "line 1: site 0: \"X\" is no element symbol"),
            (
                "\"mass\": [28.1]",
                "\"attached\": [\"H\"], \"nattached\": [1]",
                CODE,
                "line 1: site 0: the species \"Si\" has",
            ),
            (
                "\"assemblies\": null",
                "\"structure_features\": [\"implicit_atoms\"]",
                CODE,
                "line 1: `structure_features`",
            ),
            ("[0.5, 0.25, 0.25]", "[0.5, 0.5]", CODE, "line 1: site 1: the species \"mix\" has 3 symbols, but 2"),
        ] {
            let fault = read(&ENTRY.replace(old, new)).expect_err(new);
            assert_eq!(fault.code, code, "{}", fault.detail);
            assert!(fault.detail.starts_with(detail), "{}", fault.detail);
        }
    }
}
