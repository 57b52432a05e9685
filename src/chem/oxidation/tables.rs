//! Named tables of oxidation states, and SMACT's element data.

use std::sync::OnceLock;

use super::StateSet;
use crate::chem::table::{self, TableEntry, TableError};
use crate::chem::{Element, NUM_ELEMENTS};

/// How much evidence a state needs, for tables that count reports (`icsd24`).
///
/// `consensus = 6` gives the list that SMACT 4 calls `icsd24`; the default is that of SMACT's `smact_validity`.
#[derive(Copy, Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Evidence {
    /// Least number of reports.
    pub consensus: u32,
    /// Least share of the element's reports that pass `consensus`, in per cent.
    pub commonality: f64,
    /// Whether zero counts as a state.
    pub include_zero: bool,
}

impl Default for Evidence {
    fn default() -> Self {
        Self { consensus: 3, commonality: 0.0, include_zero: false }
    }
}

/// The oxidation states that each element may take, by one table.
#[derive(Clone, Debug, PartialEq)]
pub struct OxidationTable {
    name: &'static str,
    version: &'static str,
    sha256: &'static str,
    evidence: Option<Evidence>,
    states: Box<[StateSet; NUM_ELEMENTS]>,
}

impl OxidationTable {
    /// Names of the tables.
    pub const NAMES: [&'static str; 7] =
        ["icsd24", "smact14", "icsd16", "pymatgen_sp", "wiki", "pymatgen_icsd", "pymatgen_common"];

    /// A table by name; `evidence` applies to `icsd24` alone, the other tables hold no counts.
    ///
    /// # Errors
    /// [`TableError::Unknown`] lists the names.
    pub fn named(name: &str, evidence: Evidence) -> Result<Self, TableError> {
        let Some(&name) = Self::NAMES.iter().find(|known| **known == name) else {
            return Err(TableError::Unknown { name: name.to_owned(), known: Self::NAMES.join(", ") });
        };
        let entry = table::table(name)?;
        let counted = name == "icsd24";
        let states = if counted { filtered(&counts(entry)?, evidence) } else { listed(entry)? };
        let card = entry.card();
        let evidence = counted.then_some(evidence);
        Ok(Self { name, version: &card.version, sha256: &card.sha256, evidence, states })
    }

    /// Name of the table.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// States of an element; empty where the table has none.
    pub fn states(&self, element: Element) -> StateSet {
        self.states[element.row()]
    }

    /// Name, version, hash and evidence, for the record.
    pub fn record(&self) -> serde_json::Value {
        let mut record = serde_json::json!({ "table": self.name, "version": self.version, "sha256": self.sha256 });
        if let Some(Evidence { consensus, commonality, include_zero }) = self.evidence {
            record["consensus"] = consensus.into();
            record["commonality"] = commonality.into();
            record["include_zero"] = include_zero.into();
        }
        record
    }
}

/// What SMACT 4.0.2 knows of an element besides its states.
#[derive(Copy, Clone, Debug, PartialEq)]
pub struct SmactElement {
    /// Pauling electronegativity; NaN where SMACT has none.
    pub electronegativity: f64,
    /// Whether it counts as a metal.
    pub is_metal: bool,
    /// Whether its atoms may differ in state within one compound.
    pub is_mixed_valence: bool,
}

/// SMACT's data of an element (`data/oxidation/smact_elements.csv`); beyond Lr nothing is known.
pub fn smact_element(element: Element) -> SmactElement {
    static ELEMENTS: OnceLock<Box<[SmactElement; NUM_ELEMENTS]>> = OnceLock::new();
    ELEMENTS.get_or_init(|| {
        let entry = table::table("smact_elements").expect("compiled in");
        smact_elements(entry).expect("a test reads every oxidation table")
    })[element.row()]
}

/// One line of a counted table: element, state, count.
pub(super) type Count = (Element, i8, u32);

/// Lines of a table with columns `symbol,oxidation_state,count`.
pub(super) fn counts(entry: &TableEntry) -> Result<Vec<Count>, TableError> {
    let mut counts = Vec::new();
    for_each_line(entry, 3, |element, fields| {
        let state = fields[1].parse::<i8>().map_err(|_| format!("\"{}\" is no oxidation state", fields[1]))?;
        let count = fields[2].parse::<u32>().map_err(|_| format!("\"{}\" is no count", fields[2]))?;
        counts.push((element, state, count));
        Ok(())
    })?;
    Ok(counts)
}

/// Occurrences of ions in the ICSD.
pub(in crate::chem) fn ion_counts() -> Vec<(Element, i8, u32)> {
    counts(table::table("pymatgen_occurrence").expect("compiled in")).expect("a test reads every oxidation table")
}

/// States of each element in the order of a table with columns `symbol,states`.
pub(super) fn lists(entry: &TableEntry) -> Result<Vec<Vec<i8>>, TableError> {
    let mut lists = vec![Vec::new(); NUM_ELEMENTS];
    for_each_line(entry, 2, |element, fields| {
        for text in fields[1].split_ascii_whitespace() {
            lists[element.row()].push(text.parse::<i8>().map_err(|_| format!("\"{text}\" is no oxidation state"))?);
        }
        Ok(())
    })?;
    Ok(lists)
}

fn listed(entry: &TableEntry) -> Result<Box<[StateSet; NUM_ELEMENTS]>, TableError> {
    let mut states = Box::new([StateSet::EMPTY; NUM_ELEMENTS]);
    for (set, list) in states.iter_mut().zip(lists(entry)?) {
        *set = list.into_iter().collect();
    }
    Ok(states)
}

/// The states of a counted table with enough evidence, as SMACT's `ICSD24OxStatesFilter` chooses them: zero goes first, then
/// rare states, then those with a small share of what is left.
fn filtered(counts: &[Count], evidence: Evidence) -> Box<[StateSet; NUM_ELEMENTS]> {
    let passing = |&&(_, state, count): &&Count| {
        count > 0 && count >= evidence.consensus && (evidence.include_zero || state != 0)
    };
    let mut totals = [0u64; NUM_ELEMENTS];
    for &(element, _, count) in counts.iter().filter(passing) {
        totals[element.row()] += u64::from(count);
    }
    let mut states = Box::new([StateSet::EMPTY; NUM_ELEMENTS]);
    for &(element, state, count) in counts.iter().filter(passing) {
        let share = f64::from(count) / totals[element.row()] as f64 * 100.0;
        if share >= evidence.commonality {
            states[element.row()].insert(state);
        }
    }
    states
}

fn smact_elements(entry: &TableEntry) -> Result<Box<[SmactElement; NUM_ELEMENTS]>, TableError> {
    let unknown = SmactElement { electronegativity: f64::NAN, is_metal: false, is_mixed_valence: false };
    let mut elements = Box::new([unknown; NUM_ELEMENTS]);
    for_each_line(entry, 4, |element, fields| {
        let electronegativity = match fields[1] {
            "" => f64::NAN,
            text => text.parse().map_err(|_| format!("\"{text}\" is no electronegativity"))?,
        };
        elements[element.row()] =
            SmactElement { electronegativity, is_metal: fields[2] == "1", is_mixed_valence: fields[3] == "1" };
        Ok(())
    })?;
    Ok(elements)
}

/// Hands each line after the header to `read`: its element and its fields. These tables hold neither quotes nor commas in fields.
fn for_each_line(
    entry: &TableEntry,
    num_fields: usize,
    mut read: impl FnMut(Element, &[&str]) -> Result<(), String>,
) -> Result<(), TableError> {
    for (index, text) in entry.content.lines().enumerate().skip(1) {
        let refuse = |reason| TableError::Line { table: entry.name.to_owned(), line: index as u64 + 1, reason };
        let fields: Vec<_> = text.split(',').collect();
        if fields.len() != num_fields {
            return Err(refuse(format!("{} fields, expected {num_fields}", fields.len())));
        }
        let element = fields[0].parse().map_err(refuse)?;
        read(element, &fields).map_err(refuse)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn states(table: &OxidationTable, symbol: &str) -> Vec<i8> {
        table.states(symbol.parse().expect("symbol")).iter().collect()
    }

    #[test]
    fn every_named_table_is_readable_and_knows_oxygen() {
        for name in OxidationTable::NAMES {
            let table = OxidationTable::named(name, Evidence::default()).expect("readable");
            assert!(states(&table, "O").contains(&-2), "{name}");
            assert_eq!(table.record()["table"], name);
        }
    }

    #[test]
    fn evidence_of_six_reports_gives_smacts_static_list() {
        // oxidation_states_icsd24_filtered.txt of SMACT 4.0.2, "filtered for > 5 reports".
        let table =
            OxidationTable::named("icsd24", Evidence { consensus: 6, ..Evidence::default() }).expect("readable");
        assert_eq!(states(&table, "Fe"), [1, 2, 3, 4, 5, 6]);
        assert_eq!(states(&table, "Sr"), [2, 4]);
        assert!(states(&table, "Pm").is_empty());
        let looser = OxidationTable::named("icsd24", Evidence::default()).expect("readable");
        assert_eq!(states(&looser, "Fe"), [-4, 1, 2, 3, 4, 5, 6]);
    }

    #[test]
    fn unknown_table_is_refused_with_the_names_there_are() {
        let error = OxidationTable::named("icsd42", Evidence::default()).expect_err("no such table");
        assert!(error.to_string().starts_with("unknown table \"icsd42\", there are icsd24, smact14,"), "{error}");
    }

    #[test]
    fn smact_has_no_electronegativity_of_promethium_and_counts_germanium_as_metal() {
        let of = |symbol: &str| smact_element(symbol.parse().expect("symbol"));
        assert!(of("Pm").electronegativity.is_nan());
        assert_eq!(of("O").electronegativity, 3.44);
        assert!(of("Ge").is_metal && !of("Ge").is_mixed_valence && of("Fe").is_mixed_valence && !of("O").is_metal);
    }
}
