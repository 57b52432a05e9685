//! The small tables of a result: quarantine, ledger, ranking.

use std::path::Path;

use hdf5::Group;

use crate::candidate::{Duplicates, Ledger, QuarantinedRow, Ranking, Tally};

use super::SinkError;
use super::attributes::{Attribute, Attributes};
use super::data::Data;
use super::schema::{Kind, Spec, describe_columns};
use super::table::TableReader;

/// Datasets of the quarantine, in the order in which [`encode_quarantine`] fills them.
pub(super) fn quarantine_specs() -> Vec<Spec> {
    let mut specs = vec![Spec::new("/quarantine/index", Kind::U64)];
    specs.extend(
        ["id", "origin", "stage", "code", "detail"].map(|name| Spec::new(format!("/quarantine/{name}"), Kind::Text)),
    );
    specs
}

/// Appends quarantined candidates to the columns of [`quarantine_specs`].
pub(super) fn encode_quarantine(rows: &[QuarantinedRow], out: &mut [Data]) {
    let [index, id, origin, stage, code, detail] = out else { unreachable!("six columns") };
    for row in rows {
        index.extend_u64(&[row.index.0]);
        id.push_text(&row.id);
        origin.push_text(&row.origin);
        stage.push_text(row.fault.stage.name());
        code.push_text(row.fault.code.name());
        detail.push_text(&row.fault.detail);
    }
}

/// A quarantined candidate as stored: stage and code are text, since a newer version may know more of them.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct StoredFault {
    /// Position in the source.
    pub index: u64,
    /// The source's name of it.
    pub id: String,
    /// Where it came from.
    pub origin: String,
    /// Where in the engine it faulted.
    pub stage: String,
    /// Why, for programs.
    pub code: String,
    /// Why, for people.
    pub detail: String,
}

/// Quarantined candidates from the columns of [`quarantine_specs`].
pub(super) fn decode_quarantine(columns: &[Data]) -> Vec<StoredFault> {
    let [index, id, origin, stage, code, detail] = columns else { unreachable!("six columns") };
    let index = index.to_u64();
    (0..index.len())
        .map(|row| StoredFault {
            index: index[row],
            id: id.string_at(row),
            origin: origin.string_at(row),
            stage: stage.string_at(row),
            code: code.string_at(row),
            detail: detail.string_at(row),
        })
        .collect()
}

/// Names of the ledger's datasets.
pub(super) const LEDGER: [&str; 7] = ["stage", "rule", "in", "kept", "rejected", "undecided", "faulted"];

/// Datasets of the ledger.
pub(super) fn ledger_specs() -> Vec<Spec> {
    LEDGER
        .iter()
        .enumerate()
        .map(|(column, name)| Spec::new(format!("/ledger/{name}"), if column < 2 { Kind::Text } else { Kind::U64 }))
        .collect()
}

/// The ledger's columns.
pub(super) fn encode_ledger(ledger: &Ledger) -> Vec<Data> {
    let count = |field: fn(&Tally) -> u64| Data::from_u64(&ledger.rules.iter().map(field).collect::<Vec<_>>());
    vec![
        Data::from_strings(ledger.rules.iter().map(|rule| &rule.stage)),
        Data::from_strings(ledger.rules.iter().map(|rule| &rule.rule)),
        count(|rule| rule.input),
        count(|rule| rule.kept),
        count(|rule| rule.rejected),
        count(|rule| rule.undecided),
        count(|rule| rule.faulted),
    ]
}

/// Reads the ledger of a segment or result.
///
/// # Errors
/// A damaged file, counts so large that their sums overflow.
pub(super) fn read_ledger(root: &Group, path: &Path) -> Result<Ledger, SinkError> {
    let table = TableReader::open(root, &ledger_specs(), path)?;
    let columns = table.read(0..table.rows())?;
    let [stage, rule, counts @ ..] = &columns[..] else { unreachable!("seven columns") };
    let counts: Vec<Vec<u64>> = counts.iter().map(Data::to_u64).collect();
    let largest = u64::MAX / 8 / (table.rows().max(1) as u64);
    if let Some(count) = counts.iter().flatten().find(|count| **count > largest) {
        return Err(SinkError::damaged(path, format!("/ledger counts {count} candidates")));
    }
    Ok(Ledger {
        rules: (0..stage.rows())
            .map(|row| Tally {
                stage: stage.string_at(row),
                rule: rule.string_at(row),
                input: counts[0][row],
                kept: counts[1][row],
                rejected: counts[2][row],
                undecided: counts[3][row],
                faulted: counts[4][row],
            })
            .collect(),
    })
}

/// Datasets of a ranking by `objectives` columns.
pub(super) fn ranking_specs(objectives: usize, parameters: String) -> Vec<Spec> {
    vec![
        Spec::new("/ranking/index", Kind::U64)
            .with_attributes(Attributes::from([("parameters", Attribute::Text(parameters))])),
        Spec::new("/ranking/score", Kind::F64),
        Spec::new("/ranking/front", Kind::U32),
        Spec::new("/ranking/values", Kind::F64).with_columns(objectives),
    ]
}

/// Datasets of the duplicates.
pub(super) fn duplicates_specs() -> Vec<Spec> {
    vec![Spec::new("/duplicates/index", Kind::U64), Spec::new("/duplicates/of", Kind::U64)]
}

/// The columns of the duplicates.
pub(super) fn encode_duplicates(duplicates: &Duplicates) -> Vec<(Spec, Data)> {
    let columns = [Data::from_u64(&duplicates.index), Data::from_u64(&duplicates.of)];
    duplicates_specs().into_iter().zip(columns).collect()
}

/// The ranking's columns.
pub(super) fn encode_ranking(ranking: &Ranking) -> Vec<(Spec, Data)> {
    let count = ranking.len();
    let specs = ranking_specs(ranking.objectives.len(), ranking.parameters.to_string());
    let mut columns: Vec<Data> = specs.iter().map(Spec::empty).collect();
    columns[0].extend_u64(&ranking.index);
    columns[1].extend_f64(count, &ranking.score);
    columns[2].extend_bytes(count, ranking.front.iter().flat_map(|front| front.to_le_bytes()));
    columns[3].extend_f64(count, &ranking.values);
    let mut out: Vec<(Spec, Data)> = specs.into_iter().zip(columns).collect();
    describe_columns("/ranking", &ranking.objectives, &mut out);
    out
}
