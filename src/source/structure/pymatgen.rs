//! pymatgen JSON: `Structure.as_dict()`, computed entries, and documents that hold one under `structure`.

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::json::{self, Beside, Document, Matrix, Text, Vector, rows};
use super::json_framer::JsonFramer;
use super::refusal::{Refusal, element, lattice, lattice_of_parameters, occupancy, push_site};
use super::{StructureFormat, StructureReader, StructureRecord};
use crate::candidate::{Fault, FaultCode};
use crate::crystal::{Lattice, Occupant};

/// pymatgen JSON.
pub(super) const FORMAT: StructureFormat =
    StructureFormat { framer: || Box::new(JsonFramer::new()), reader: &PymatgenJson };

const CODE: FaultCode = FaultCode::UnparsableJson;

/// Keys of ids, best first.
const IDS: [&str; 8] = ["material_id", "entry_id", "task_id", "mbid", "jid", "id", "_id", "name"];

struct PymatgenJson;

impl StructureReader for PymatgenJson {
    fn read(&self, record: &[u8], out: &mut StructureRecord) -> Result<(), Fault> {
        json::read::<Entry>(record, &mut None, out)
    }
}

/// A structure, or what holds one.
#[derive(Default)]
struct Entry {
    /// The keys of a structure at the top.
    own: Parts,
    /// Those under `structure`.
    inner: Option<Parts>,
}

impl<'de> Document<'de> for Entry {
    fn take<A: MapAccess<'de>>(&mut self, key: &str, map: &mut A, beside: &mut Beside<'_>) -> Result<(), A::Error> {
        match key {
            "structure" => {
                let mut parts = Parts::default();
                if map.next_value_seed(Inner { parts: &mut parts, beside })? {
                    self.inner = Some(parts);
                }
                Ok(())
            }
            _ => self.own.take(key, map, beside),
        }
    }

    fn build(self, out: &mut StructureRecord) -> Result<(), Refusal> {
        let Parts { lattice, sites } = self.inner.unwrap_or(self.own);
        let lattice = lattice.ok_or_else(|| {
            Refusal::new(CODE, "no structure: neither `lattice` and `sites` nor `structure` with both are there")
        })?;
        let sites = sites.ok_or_else(|| Refusal::new(CODE, "the structure has no `sites`"))?;
        let structure = out.begin(lattice.lattice()?);
        let mut occupants = Vec::new();
        let mut start = 0;
        for (number, &(position, end)) in sites.positions.iter().enumerate() {
            occupants.clear();
            occupants.extend_from_slice(&sites.occupants[start..end]);
            start = end;
            let frac = match position {
                Position::Frac(frac) => frac,
                Position::Cart(cart) => structure.lattice().frac(cart),
            };
            push_site(structure, frac, &mut occupants, CODE).map_err(|refusal| refusal.of_site(number))?;
        }
        Ok(())
    }
}

/// The keys of a structure's dictionary.
#[derive(Default)]
struct Parts {
    lattice: Option<RawLattice>,
    sites: Option<Sites>,
}

impl Parts {
    fn take<'de, A: MapAccess<'de>>(
        &mut self,
        key: &str,
        map: &mut A,
        beside: &mut Beside<'_>,
    ) -> Result<(), A::Error> {
        match key {
            "lattice" => self.lattice = map.next_value()?,
            "sites" => self.sites = Some(map.next_value_seed(SitesOf { beside })?),
            "properties" => map.next_value_seed(Properties { beside })?,
            _ => beside.take(&IDS, key, map)?,
        }
        Ok(())
    }
}

/// The dictionary under `structure`; whether there is one.
struct Inner<'a, 'b> {
    parts: &'a mut Parts,
    beside: &'a mut Beside<'b>,
}

impl<'de> DeserializeSeed<'de> for Inner<'_, '_> {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<bool, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Inner<'_, '_> {
    type Value = bool;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a structure (an object)")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<bool, A::Error> {
        while let Some(Text(key)) = map.next_key()? {
            match &*key {
                "lattice" | "sites" | "charge" | "properties" => self.parts.take(&key, &mut map, self.beside)?,
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(true)
    }

    fn visit_unit<E: Error>(self) -> Result<bool, E> {
        Ok(false)
    }
}

/// `properties` of a structure: its id, where it has one, and numbers.
struct Properties<'a, 'b> {
    beside: &'a mut Beside<'b>,
}

impl<'de> DeserializeSeed<'de> for Properties<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Properties<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("properties (an object or null)")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(Text(key)) = map.next_key()? {
            match &*key {
                "material_id" => self.beside.take(&IDS, &key, &mut map)?,
                _ => self.beside.numbers(&format!("properties.{key}"), &mut map)?,
            }
        }
        Ok(())
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(())
    }
}

#[derive(Deserialize)]
struct RawLattice {
    matrix: Option<Matrix>,
    a: Option<f64>,
    b: Option<f64>,
    c: Option<f64>,
    alpha: Option<f64>,
    beta: Option<f64>,
    gamma: Option<f64>,
}

impl RawLattice {
    fn lattice(&self) -> Result<Lattice, Refusal> {
        if let Some(matrix) = self.matrix {
            return lattice(rows(matrix));
        }
        match (self.a, self.b, self.c, self.alpha, self.beta, self.gamma) {
            (Some(a), Some(b), Some(c), Some(alpha), Some(beta), Some(gamma)) => {
                lattice_of_parameters([a, b, c], [alpha, beta, gamma])
            }
            _ => Err(Refusal::new(CODE, "`lattice` has neither `matrix` nor all of a, b, c, alpha, beta, gamma")),
        }
    }
}

/// Sites in the order of the file.
#[derive(Default)]
struct Sites {
    /// Where each lies, and where its occupants end.
    positions: Vec<(Position, usize)>,
    occupants: Vec<Occupant>,
}

#[derive(Copy, Clone)]
enum Position {
    Frac([f64; 3]),
    Cart([f64; 3]),
}

struct SitesOf<'a, 'b> {
    beside: &'a mut Beside<'b>,
}

impl<'de> DeserializeSeed<'de> for SitesOf<'_, '_> {
    type Value = Sites;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Sites, D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for SitesOf<'_, '_> {
    type Value = Sites;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a list of sites")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Sites, A::Error> {
        let mut sites = Sites::default();
        while let Some(position) =
            seq.next_element_seed(SiteOf { occupants: &mut sites.occupants, beside: &mut *self.beside })?
        {
            sites.positions.push((position, sites.occupants.len()));
        }
        Ok(sites)
    }
}

struct SiteOf<'a, 'b> {
    occupants: &'a mut Vec<Occupant>,
    beside: &'a mut Beside<'b>,
}

impl<'de> DeserializeSeed<'de> for SiteOf<'_, '_> {
    type Value = Position;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Position, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for SiteOf<'_, '_> {
    type Value = Position;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a site (an object)")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Position, A::Error> {
        let (mut frac, mut cart) = (None, None);
        while let Some(Text(key)) = map.next_key()? {
            match &*key {
                "species" => {
                    map.next_value_seed(SpeciesOf { occupants: &mut *self.occupants, beside: &mut *self.beside })?
                }
                "abc" => frac = map.next_value::<Option<Vector>>()?,
                "xyz" => cart = map.next_value::<Option<Vector>>()?,
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        match (frac, cart) {
            (Some(Vector(frac)), _) => Ok(Position::Frac(frac)),
            (None, Some(Vector(cart))) => Ok(Position::Cart(cart)),
            (None, None) => Err(A::Error::custom("a site has neither `abc` nor `xyz`")),
        }
    }
}

struct SpeciesOf<'a, 'b> {
    occupants: &'a mut Vec<Occupant>,
    beside: &'a mut Beside<'b>,
}

impl<'de> DeserializeSeed<'de> for SpeciesOf<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

#[derive(Deserialize)]
struct RawSpecies<'a> {
    #[serde(borrow)]
    element: Text<'a>,
    occu: Option<f64>,
    oxidation_state: Option<f64>,
}

impl<'de> Visitor<'de> for SpeciesOf<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a list of species")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        while let Some(species) = seq.next_element::<RawSpecies<'de>>()? {
            let element = element(&species.element.0).map_err(|refusal| self.beside.refuse(refusal))?;
            let share = occupancy(species.occu.unwrap_or(1.0), CODE).map_err(|refusal| self.beside.refuse(refusal))?;
            self.occupants.push(Occupant { element, occupancy: share, oxidation: species.oxidation_state });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NACL: &str = r#"{"lattice": {"matrix": [[0, 2.8, 2.8], [2.8, 0, 2.8], [2.8, 2.8, 0]]}, "charge": -1, "sites": [
        {"species": [{"element": "Na", "occu": 1, "oxidation_state": 1}], "abc": [0, 0, 0], "properties": {"magmom": 2}},
        {"species": [{"element": "Cl", "occu": 0.75}, {"element": "Br", "occu": 0.25}], "xyz": [2.8, 2.8, 2.8]}]}"#;

    fn read(text: &str) -> Result<StructureRecord, Fault> {
        let mut out = StructureRecord { id: "old".into(), properties: vec![("old".into(), 1.0)], structure: None };
        PymatgenJson.read(text.as_bytes(), &mut out).map(|()| out)
    }

    #[test]
    fn structure_with_shared_site_and_oxidation_state_is_read() {
        let record = read(NACL).expect("a structure");
        let structure = record.structure.expect("a structure");
        assert!((structure.lattice().volume() - 2.0 * 2.8f64.powi(3)).abs() < 1e-12);
        assert_eq!(structure.occupants(0)[0].oxidation, Some(1.0));
        assert_eq!(structure.occupants(1).iter().map(|o| o.occupancy).collect::<Vec<_>>(), [0.75, 0.25]);
        assert!(structure.fracs()[1].iter().all(|x| (x - 0.5).abs() < 1e-15), "{:?}", structure.fracs());
        assert_eq!((record.id.as_str(), record.properties), ("", vec![("charge".into(), -1.0)]));
    }

    #[test]
    fn entries_give_their_id_and_the_numbers_beside_the_structure() {
        let text = format!(
            r#"{{"@module": "x", "id": 7, "energy": -3.5, "data": {{"gap": 1, "list": [1], "k": {{"vrh": 9}}}}, "e": NaN,
            "tags": ["x"], "structure": {NACL}, "material_id": "mp-1", "name": "n"}}"#
        );
        let record = read(&text).expect("an entry");
        assert_eq!(record.id, "mp-1");
        let expected = [("energy", -3.5), ("data.gap", 1.0), ("data.k.vrh", 9.0), ("charge", -1.0)]
            .map(|(n, v)| (n.to_owned(), v));
        assert_eq!(record.properties, expected);
    }

    #[test]
    fn members_of_maps_have_their_key_as_id() {
        assert_eq!(read(&format!("\"mp \\u0031\"\n: {NACL}")).expect("a member").id, "mp 1");
    }

    #[test]
    fn cells_of_lengths_and_angles_are_read() {
        let text = r#"{"sites": [], "lattice": {"a": 3, "b": 4, "c": 5, "alpha": 90, "beta": 90, "gamma": 90}}"#;
        let volume = read(text).expect("a cell").structure.expect("a cell").lattice().volume();
        assert!((volume - 60.0).abs() < 1e-12);
    }

    #[test]
    fn faults_name_code_line_and_reason() {
        for (text, code, detail) in [
            ("", CODE, "line 1: nothing is here: the file is empty, or the list is cut off"),
            ("[1]", CODE, "line 1: invalid type: sequence, expected a structure (an object) (column 1)"),
            ("{\n}", CODE, "line 1: no structure: neither `lattice` and `sites` nor `structure` with both are there"),
            (&NACL.replace("\"Br\"", "\"Qq\""), FaultCode::UnknownElement, "line 3: \"Qq\" is no element symbol"),
            (
                &NACL.replace("0.25", "0.75"),
                CODE,
                "line 1: site 1: the occupancies of a site add up to 1.5, more than 1",
            ),
            (&NACL.replace("0.25", "-1"), CODE, "line 3: the occupancy -1 does not lie between 0 and 1"),
            (&NACL[..NACL.len() - 1], CODE, "line 3: EOF while parsing an object (column 112)"),
            (
                &NACL.replace("[0, 2.8, 2.8]", "[NaN, 2, 2]"),
                FaultCode::ZeroVolume,
                "line 1: the cell vectors [[NaN, 2.0, 2.0], [2.8, 0.0, 2.8], [2.8, 2.8, 0.0]] span no volume, or are no numbers",
            ),
        ] {
            let fault = read(text).expect_err(text);
            assert_eq!((fault.code, &*fault.detail), (code, detail));
        }
    }

    #[test]
    fn deep_nesting_is_a_fault_or_passed_over() {
        let deep = "[".repeat(1_000_000);
        assert_eq!(read(&format!("{{\"lattice\": {deep}")).expect_err("deep").code, CODE);
        assert_eq!(read(&format!("{{\"sites\": [{}", "{\"species\": [".repeat(100_000))).expect_err("deep").code, CODE);
        let passed = format!("{{\"x\": {deep}{}, \"structure\": {NACL}}}", "]".repeat(1_000_000));
        read(&passed).expect("lists beside the structure are passed over");
    }
}
