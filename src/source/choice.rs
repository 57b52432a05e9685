//! Which columns of a table are needed, and where they are.

use super::SourceError;
use crate::units::closest;

/// Names under which a formula column is found when none is given, in order of preference.
pub const FORMULA_COLUMNS: [&str; 5] =
    ["formula", "composition", "reduced_formula", "pretty_formula", "chemical_formula_reduced"];

/// Names under which an id column is found when none is given, in order of preference.
pub const ID_COLUMNS: [&str; 5] = ["id", "material_id", "mbid", "mpid", "index"];

/// The columns asked for, by name.
///
/// A name means the column of exactly that name, else the one that has it apart from case and outer blanks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    /// Formula; `None` = the first of [`FORMULA_COLUMNS`] that is there.
    pub formula: Option<String>,
    /// Structure; takes the place of the formula.
    pub structure: Option<String>,
    /// Id; `None` = the first of [`ID_COLUMNS`] that is there, else the row number.
    pub id: Option<String>,
    /// Further columns, all needed.
    pub others: Vec<String>,
}

/// Positions of the selected columns in one table, from 0.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Chosen {
    /// Of the formula or structure.
    pub content: usize,
    pub id: Option<usize>,
    pub others: Vec<usize>,
}

impl Selection {
    /// Finds the columns among the `names` of the table `input`.
    pub(super) fn choose(&self, names: &[String], input: &str) -> Result<Chosen, SourceError> {
        let table = Names { names, input };
        let content = match (&self.structure, &self.formula) {
            (Some(name), _) => table.required(name, "structure")?,
            (None, Some(name)) => table.required(name, "formula")?,
            (None, None) => table
                .first_of(&FORMULA_COLUMNS, "formula")?
                .ok_or_else(|| SourceError::NoFormulaColumn { input: input.to_owned(), available: names.to_vec() })?,
        };
        let id = match &self.id {
            Some(name) => Some(table.required(name, "id")?),
            None => table.first_of(&ID_COLUMNS, "id")?,
        };
        let others = self.others.iter().map(|name| table.required(name, "values")).collect::<Result<_, _>>()?;
        Ok(Chosen { content, id, others })
    }
}

struct Names<'a> {
    names: &'a [String],
    input: &'a str,
}

impl Names<'_> {
    fn required(&self, wanted: &str, role: &'static str) -> Result<usize, SourceError> {
        if let Some(position) = self.exact(wanted, role)? {
            return Ok(position);
        }
        self.alike(wanted, role)?.ok_or_else(|| SourceError::UnknownColumn {
            input: self.input.to_owned(),
            column: wanted.to_owned(),
            role,
            available: self.names.to_vec(),
            suggestion: closest(wanted, self.names.iter().map(String::as_str).filter(|name| !name.is_empty()))
                .map(str::to_owned),
        })
    }

    fn first_of(&self, candidates: &[&str], role: &'static str) -> Result<Option<usize>, SourceError> {
        for name in candidates {
            if let Some(position) = self.exact(name, role)? {
                return Ok(Some(position));
            }
        }
        for name in candidates {
            if let Some(position) = self.alike(name, role)? {
                return Ok(Some(position));
            }
        }
        Ok(None)
    }

    fn exact(&self, wanted: &str, role: &'static str) -> Result<Option<usize>, SourceError> {
        self.only(wanted, role, |name| name == wanted)
    }

    fn alike(&self, wanted: &str, role: &'static str) -> Result<Option<usize>, SourceError> {
        let lower = wanted.trim().to_lowercase();
        self.only(wanted, role, |name| name.trim().to_lowercase() == lower)
    }

    fn only(&self, wanted: &str, role: &'static str, is: impl Fn(&str) -> bool) -> Result<Option<usize>, SourceError> {
        let mut found = self.names.iter().enumerate().filter(|(_, name)| is(name)).map(|(position, _)| position);
        let Some(first) = found.next() else { return Ok(None) };
        let mut positions: Vec<_> = std::iter::once(first).chain(found).map(|position| position + 1).collect();
        if positions.len() == 1 {
            return Ok(Some(first));
        }
        let count = positions.len();
        positions.truncate(10);
        Err(SourceError::AmbiguousColumn {
            input: self.input.to_owned(),
            column: wanted.to_owned(),
            role,
            count,
            positions,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choose(selection: &Selection, names: &[&str]) -> Result<Chosen, SourceError> {
        selection.choose(&names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>(), "t.csv")
    }

    #[test]
    fn exact_names_win_over_names_that_differ_in_case() {
        let chosen = choose(&Selection::default(), &["FORMULA", "composition", "ID", "mbid"]).expect("chosen");
        assert_eq!(chosen, Chosen { content: 1, id: Some(3), others: vec![] });
        let chosen = choose(&Selection::default(), &["IDENTIFIER: Reference ID", " Formula "]).expect("chosen");
        assert_eq!(chosen, Chosen { content: 1, id: None, others: vec![] });
    }

    #[test]
    fn nameless_columns_are_no_ids() {
        assert_eq!(choose(&Selection::default(), &["", "formula"]).expect("chosen").id, None);
    }

    #[test]
    fn wrong_column_lists_those_there_are_and_the_closest() {
        let selection = Selection { formula: Some("fromula".into()), ..Selection::default() };
        let error = choose(&selection, &["name", "formula"]).expect_err("no such column");
        assert_eq!(
            error.to_string(),
            "t.csv has no column \"fromula\" (wanted as formula); its columns are \"name\", \"formula\"; did you mean \"formula\"?"
        );
        let error = choose(&Selection::default(), &["name", "Tc"]).expect_err("no formula");
        assert!(error.to_string().ends_with("its columns are \"name\", \"Tc\""), "{error}");
    }

    #[test]
    fn a_name_that_two_columns_have_is_refused_only_where_it_is_needed() {
        let names = ["formula", "Tc", "Tc"];
        assert!(choose(&Selection::default(), &names).is_ok());
        let selection = Selection { others: vec!["Tc".into()], ..Selection::default() };
        let error = choose(&selection, &names).expect_err("ambiguous");
        assert_eq!(error.to_string(), "t.csv has 2 columns named \"Tc\" (wanted as values): columns 2, 3");
    }
}
