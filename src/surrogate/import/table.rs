//! Small tables of numbers that users give with a model: inputs and what is expected of them.

use std::path::Path;

use super::error::ImportError;

/// Rows of numbers by column; what is empty or no number is NaN.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NumberTable {
    /// Names of the columns.
    pub names: Vec<String>,
    /// Cells as text, row by row.
    rows: Vec<Vec<String>>,
}

/// Cells of a table.
const MAX_CELLS: usize = 1 << 26;

impl NumberTable {
    /// Reads CSV with a line of names.
    ///
    /// # Errors
    /// The file cannot be read, lines of different lengths, no row, too many cells.
    pub fn read(path: &Path) -> Result<Self, ImportError> {
        let wrong =
            |reason: String| ImportError::Request { reason: format!("{}: {reason}", path.display()), way_out: None };
        let mut reader = csv::Reader::from_path(path).map_err(|error| wrong(error.to_string()))?;
        let names: Vec<String> = reader
            .headers()
            .map_err(|error| wrong(error.to_string()))?
            .iter()
            .map(|name| name.trim().to_owned())
            .collect();
        let mut rows = Vec::new();
        for record in reader.records() {
            let record = record.map_err(|error| wrong(error.to_string()))?;
            rows.push(record.iter().map(str::to_owned).collect());
            if names.len().saturating_mul(rows.len()) > MAX_CELLS {
                return Err(wrong(format!("more than {MAX_CELLS} cells")));
            }
        }
        if rows.is_empty() {
            return Err(wrong("a table without rows".into()));
        }
        Ok(Self { names, rows })
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Texts of a column.
    ///
    /// # Errors
    /// There is no such column.
    pub fn texts(&self, name: &str) -> Result<Vec<&str>, ImportError> {
        match self.names.iter().position(|other| other == name) {
            Some(place) => Ok(self.rows.iter().map(|row| row[place].trim()).collect()),
            None => {
                let reason = format!("the table has no column \"{name}\"; it has {}", self.names.join(", "));
                Err(ImportError::Request { reason, way_out: None })
            }
        }
    }

    /// Numbers of a column.
    ///
    /// # Errors
    /// There is no such column, or text in it.
    pub fn numbers(&self, name: &str) -> Result<Vec<f64>, ImportError> {
        let number = |(row, text): (usize, &str)| match text {
            "" | "nan" | "NaN" | "NA" | "None" => Ok(f64::NAN),
            text => text.parse().map_err(|_| ImportError::Request {
                reason: format!("column \"{name}\", row {row}: \"{text}\" is no number"),
                way_out: None,
            }),
        };
        self.texts(name)?.into_iter().enumerate().map(number).collect()
    }

    /// Values of some columns, row-major; a column may be there under either of two names.
    ///
    /// # Errors
    /// A column that is not there, or text in it.
    pub fn matrix(&self, names: &[[&str; 2]]) -> Result<Vec<f64>, ImportError> {
        let has = |name: &str| self.names.iter().any(|other| other == name);
        let columns: Vec<Vec<f64>> = names
            .iter()
            .map(|[first, second]| self.numbers(if has(first) || !has(second) { first } else { second }))
            .collect::<Result<_, _>>()?;
        Ok((0..self.len()).flat_map(|row| columns.iter().map(move |column| column[row])).collect())
    }

    /// Whether every column is there under one of its two names.
    pub fn has_all(&self, names: &[[&str; 2]]) -> bool {
        names.iter().all(|pair| pair.iter().any(|name| self.names.iter().any(|other| other == name)))
    }
}
