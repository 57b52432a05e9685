//! JARVIS JSON: `Atoms.to_dict()`, alone or under `atoms` beside `jid` and properties.

use serde::Deserialize;
use serde::de::MapAccess;

use super::json::{self, Beside, Document, Matrix, Text, Vector, rows};
use super::json_framer::JsonFramer;
use super::refusal::{Refusal, element, lattice, lattice_of_parameters, push};
use super::{StructureFormat, StructureReader, StructureRecord};
use crate::candidate::{Fault, FaultCode};

/// JARVIS JSON.
pub(super) const FORMAT: StructureFormat =
    StructureFormat { framer: || Box::new(JsonFramer::new()), reader: &JarvisJson };

const CODE: FaultCode = FaultCode::UnparsableJson;

/// Keys of ids, best first.
const IDS: [&str; 4] = ["jid", "id", "material_id", "name"];

struct JarvisJson;

impl StructureReader for JarvisJson {
    fn read(&self, record: &[u8], out: &mut StructureRecord) -> Result<(), Fault> {
        json::read::<Entry<'_>>(record, &mut None, out)
    }
}

/// Atoms, at the top or under `atoms`.
#[derive(Default)]
struct Entry<'a>(Atoms<'a>);

/// What `atoms` says.
#[derive(Default, Deserialize)]
struct Atoms<'a> {
    lattice_mat: Option<Matrix>,
    abc: Option<Vector>,
    angles: Option<Vector>,
    coords: Option<Vec<Vector>>,
    #[serde(borrow)]
    elements: Option<Vec<Text<'a>>>,
    cartesian: Option<bool>,
}

impl<'de> Document<'de> for Entry<'de> {
    fn take<A: MapAccess<'de>>(&mut self, key: &str, map: &mut A, beside: &mut Beside<'_>) -> Result<(), A::Error> {
        match key {
            "atoms" => self.0 = map.next_value()?,
            "lattice_mat" => self.0.lattice_mat = map.next_value()?,
            "abc" => self.0.abc = map.next_value()?,
            "angles" => self.0.angles = map.next_value()?,
            "coords" => self.0.coords = map.next_value()?,
            "elements" => self.0.elements = map.next_value()?,
            "cartesian" => self.0.cartesian = map.next_value()?,
            _ => beside.take(&IDS, key, map)?,
        }
        Ok(())
    }

    fn build(self, out: &mut StructureRecord) -> Result<(), Refusal> {
        let Atoms { lattice_mat, abc, angles, coords, elements, cartesian } = self.0;
        let lattice = match (lattice_mat, abc, angles) {
            (Some(matrix), _, _) => lattice(rows(matrix))?,
            (None, Some(lengths), Some(angles)) => lattice_of_parameters(lengths.0, angles.0)?,
            _ => return Err(Refusal::new(CODE, "no `lattice_mat`, at the top or under `atoms`")),
        };
        let (Some(coords), Some(elements)) = (coords, elements) else {
            return Err(Refusal::new(CODE, "the atoms have no `coords` or no `elements`"));
        };
        if coords.len() != elements.len() {
            let why = format!("{} `coords`, but {} `elements`", coords.len(), elements.len());
            return Err(Refusal::new(CODE, why));
        }
        let is_cartesian = cartesian.unwrap_or(false);
        let structure = out.begin(lattice);
        for (number, (Vector(coord), Text(symbol))) in coords.into_iter().zip(&elements).enumerate() {
            let frac = if is_cartesian { structure.lattice().frac(coord) } else { coord };
            element(symbol.trim())
                .and_then(|element| push(structure, frac, element, CODE))
                .map_err(|refusal| refusal.of_site(number))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<StructureRecord, Fault> {
        let mut out = StructureRecord::default();
        JarvisJson.read(text.as_bytes(), &mut out).map(|()| out)
    }

    const CSCL: &str = r#"{"lattice_mat": [[4, 0, 0], [0, 4, 0], [0, 0, 4]], "coords": [[0, 0, 0], [2, 2, 2]],
        "elements": ["Cs", "Cl "], "abc": [4, 4, 4], "angles": [90, 90, 90], "cartesian": true, "props": ["", ""]}"#;

    #[test]
    fn atoms_are_read_alone_and_beside_their_properties() {
        let alone = read(CSCL).expect("atoms").structure.expect("atoms");
        assert_eq!(alone.fracs(), [[0.0; 3], [0.5; 3]]);
        let text = format!(r#"{{"jid": "JVASP-1", "gap": 5.5, "mbj": "na", "atoms": {CSCL}, "id": 3}}"#);
        let entry = read(&text).expect("an entry");
        assert_eq!((entry.id.as_str(), entry.properties), ("JVASP-1", vec![("gap".into(), 5.5)]));
        assert_eq!(entry.structure, Some(alone));
    }

    #[test]
    fn faults_say_what_is_missing() {
        for (text, detail) in [
            (r#"{"jid": "1"}"#.to_owned(), "line 1: no `lattice_mat`, at the top or under `atoms`"),
            (CSCL.replace("\"Cl \"", "\"Cl\", \"H\""), "line 1: 2 `coords`, but 3 `elements`"),
            (CSCL.replace("\"Cl \"", "\"Xx\""), "line 1: site 1: \"Xx\" is no element symbol"),
            (
                CSCL.replace("[2, 2, 2]", "[2, 2]"),
                "line 1: invalid length 2, expected an array of length 3 (column 79)",
            ),
            (
                CSCL.replace("[2, 2, 2]", "[2, 2, NaN]"),
                "line 1: site 1: the coordinates [NaN, NaN, NaN] are not finite",
            ),
        ] {
            assert_eq!(read(&text).expect_err("bad").detail, detail);
        }
    }
}
