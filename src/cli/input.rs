//! The INPUT arguments shared by verbs that read candidates, turned into a plan's `[source]`.

use std::path::PathBuf;

use toml::{Table, Value};

/// Which column is what.
#[derive(clap::Args, Debug, Clone, Default)]
pub struct InputArgs {
    /// Kind of the input where name and content do not tell (see `matsieve list sources`)
    #[arg(long, value_name = "KIND")]
    pub format: Option<String>,
    /// Column with formulas; default: the first of formula, composition, reduced_formula, pretty_formula, chemical_formula_reduced
    #[arg(long, value_name = "COL")]
    pub formula: Option<String>,
    /// Column of tables with structures in any text format; takes the place of --formula
    #[arg(long, value_name = "COL", conflicts_with = "formula")]
    pub structure: Option<String>,
    /// Column with ids; default: the first of id, material_id, mbid, mpid, index, else the row number
    #[arg(long, value_name = "COL")]
    pub id: Option<String>,
    /// Table with columns for candidates, joined by their ids
    #[arg(long, value_name = "TABLE")]
    pub targets: Option<String>,
    /// Column of --targets that holds the ids of the candidates; default: as for --id
    #[arg(long, value_name = "ID", requires = "targets")]
    pub on: Option<String>,
    /// Sites that are shared or partly filled: keep, majority or random (see --seed) [default: keep]
    #[arg(long, value_name = "HOW", value_parser = ["keep", "majority", "random"])]
    pub disorder: Option<String>,
}

impl InputArgs {
    /// The `[source]` table for these inputs.
    pub fn source(&self, inputs: &[PathBuf]) -> Table {
        let mut table = Table::new();
        let paths = inputs.iter().map(|path| Value::String(path.display().to_string())).collect();
        table.insert("input".into(), Value::Array(paths));
        let texts = [
            ("format", &self.format),
            ("formula", &self.formula),
            ("structure", &self.structure),
            ("id", &self.id),
            ("targets", &self.targets),
            ("on", &self.on),
            ("disorder", &self.disorder),
        ];
        for (key, value) in texts {
            if let Some(value) = value {
                table.insert(key.into(), Value::String(value.clone()));
            }
        }
        table
    }
}

/// Lets a `[source]` carry these numeric columns along, without units.
pub fn carry(names: &[String], source: &mut Table) {
    let column =
        |name: &String| Value::Table(Table::from_iter([("name".to_owned(), Value::String(name.trim().to_owned()))]));
    if !names.is_empty() {
        source.insert("columns".into(), Value::Array(names.iter().map(column).collect()));
    }
}
