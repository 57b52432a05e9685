//! `[source]` of a plan: which files, and which columns of them.

use std::path::Path;

use super::SourceError;
use super::choice::Selection;
use super::format::Format;
use super::input::{Inputs, Listing, Wanted, list_inputs};
use super::join::Join;
use crate::candidate::Column;
use crate::units::Unit;

/// A source of files as a plan writes it; exactly one of `csv`, `tsv`, `parquet`, the structure formats, `input` is given.
///
/// ```
/// use matsieve::source::SourceSpec;
/// let spec: SourceSpec = toml::from_str(r#"
///     csv = "candidates/**/*.csv"
///     columns = [{ name = "e_form", unit = "eV/atom" }]
/// "#).unwrap();
/// assert_eq!(spec.columns[0].column().label, "e_form");
/// ```
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SourceSpec {
    /// Comma-separated tables: file, folder, glob or archive, or a list of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub csv: Option<Inputs>,
    /// Tab-separated tables.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tsv: Option<Inputs>,
    /// Parquet tables.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parquet: Option<Inputs>,
    /// Crystallographic Information Files.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cif: Option<Inputs>,
    /// POSCAR and CONTCAR files.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub poscar: Option<Inputs>,
    /// Extended XYZ.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extxyz: Option<Inputs>,
    /// pymatgen's JSON.
    #[serde(default, rename = "pymatgen-json", skip_serializing_if = "Option::is_none")]
    pub pymatgen_json: Option<Inputs>,
    /// pymatgen's printed form.
    #[serde(default, rename = "pymatgen-print", skip_serializing_if = "Option::is_none")]
    pub pymatgen_print: Option<Inputs>,
    /// OPTIMADE responses.
    #[serde(default, rename = "optimade-json", skip_serializing_if = "Option::is_none")]
    pub optimade_json: Option<Inputs>,
    /// OPTIMADE JSON lines.
    #[serde(default, rename = "optimade-jsonl", skip_serializing_if = "Option::is_none")]
    pub optimade_jsonl: Option<Inputs>,
    /// JARVIS JSON.
    #[serde(default, rename = "jarvis-json", skip_serializing_if = "Option::is_none")]
    pub jarvis_json: Option<Inputs>,
    /// FHI-aims `geometry.in`.
    #[serde(default, rename = "fhi-aims", skip_serializing_if = "Option::is_none")]
    pub fhi_aims: Option<Inputs>,
    /// Databases of ASE.
    #[serde(default, rename = "ase-db", skip_serializing_if = "Option::is_none")]
    pub ase_db: Option<Inputs>,
    /// Inputs of the formats that their names tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input: Option<Inputs>,
    /// Read every file as this format, whatever its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub format: Option<Format>,
    /// Field delimiter of `csv`, one ASCII character; a comma unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delimiter: Option<String>,
    /// Formula column.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub formula: Option<String>,
    /// Column of tables that holds structures, in any of the text formats; takes the place of the formula.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub structure: Option<String>,
    /// Id column.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// A table with columns for candidates, joined by their ids.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub targets: Option<String>,
    /// The column of `targets` that holds the ids; its first id column unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on: Option<String>,
    /// What becomes of sites that are shared or partly filled.
    #[serde(default, skip_serializing_if = "is_kept")]
    pub disorder: Disorder,
    /// Seed of random orderings: the `seed` of the plan's `[run]`.
    #[serde(skip)]
    pub seed: u64,
    /// Numeric columns that every candidate carries.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub columns: Vec<ColumnSpec>,
}

/// What becomes of structures with sites that are shared or partly filled.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Disorder {
    /// They stay as they are; descriptors that need order fault with `disordered-structure`.
    #[default]
    Keep,
    /// Every site gets the occupant with the largest share; see [`Structure::majority`](crate::crystal::Structure::majority).
    Majority,
    /// Occupants are dealt out at random, as many as their shares say; see
    /// [`Structure::dealt`](crate::crystal::Structure::dealt).
    Random,
}

fn is_kept(disorder: &Disorder) -> bool {
    *disorder == Disorder::Keep
}

/// A numeric column of a table.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ColumnSpec {
    /// Its name in the table.
    pub name: String,
    /// The unit of its numbers.
    #[serde(default = "Unit::dimensionless")]
    pub unit: Unit,
    /// Its name in the plan, if another.
    #[serde(default, rename = "as", skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
}

impl ColumnSpec {
    /// As candidates carry it.
    pub fn column(&self) -> Column {
        Column::new(self.label.as_ref().unwrap_or(&self.name), self.unit.clone())
    }
}

impl SourceSpec {
    /// A source of `inputs` whose formats are told by their names.
    pub fn of_inputs(inputs: Vec<String>) -> Self {
        Self { input: Some(Inputs::Many(inputs)), ..Self::default() }
    }

    /// The files that are read, and the tables of targets; relative paths are taken from `base`.
    ///
    /// # Errors
    /// As [`list_inputs`], and if not exactly one kind of input is given.
    pub fn listing(&self, base: &Path) -> Result<Listing, SourceError> {
        let (inputs, wanted) = self.kind()?;
        let mut listing = list_inputs(inputs, wanted, base)?;
        if let Some(table) = &self.targets {
            listing.targets = list_inputs(&Inputs::One(table.clone()), Wanted::ByName, base)?.files;
        }
        Ok(listing)
    }

    /// The columns `names` of the table of targets, or of the listings in folders; `None` where there is neither.
    pub(super) fn join(&self, base: &Path, listing: &Listing, names: &[String]) -> Result<Option<Join>, SourceError> {
        match (&self.targets, &self.on) {
            (Some(table), on) => Join::read(table, on.as_deref(), base, names).map(Some),
            (None, None) if listing.targets.is_empty() => Ok(None),
            (None, None) => Join::of_folders(&listing.targets, names).map(Some),
            (None, Some(on)) => Err(SourceError::Setting {
                setting: "on",
                value: on.clone(),
                reason: "names a column of `targets`, which is not given",
            }),
        }
    }

    pub(super) fn kind(&self) -> Result<(&Inputs, Wanted), SourceError> {
        let kinds = [
            ("csv", &self.csv, Wanted::Only(Format::Csv)),
            ("tsv", &self.tsv, Wanted::Only(Format::Tsv)),
            ("parquet", &self.parquet, Wanted::Only(Format::Parquet)),
            ("cif", &self.cif, Wanted::Only(Format::Cif)),
            ("poscar", &self.poscar, Wanted::Only(Format::Poscar)),
            ("extxyz", &self.extxyz, Wanted::Only(Format::Extxyz)),
            ("pymatgen-json", &self.pymatgen_json, Wanted::Only(Format::PymatgenJson)),
            ("pymatgen-print", &self.pymatgen_print, Wanted::Only(Format::PymatgenPrint)),
            ("optimade-json", &self.optimade_json, Wanted::Only(Format::OptimadeJson)),
            ("optimade-jsonl", &self.optimade_jsonl, Wanted::Only(Format::OptimadeJsonl)),
            ("jarvis-json", &self.jarvis_json, Wanted::Only(Format::JarvisJson)),
            ("fhi-aims", &self.fhi_aims, Wanted::Only(Format::FhiAims)),
            ("ase-db", &self.ase_db, Wanted::Only(Format::AseDb)),
            ("input", &self.input, Wanted::ByName),
        ];
        let given: Vec<_> =
            kinds.iter().filter_map(|(name, inputs, wanted)| Some((*name, inputs.as_ref()?, *wanted))).collect();
        match given[..] {
            [(_, inputs, wanted)] => Ok((inputs, self.format.map_or(wanted, Wanted::Forced))),
            _ => Err(SourceError::Kind { found: given.iter().map(|(name, ..)| *name).collect() }),
        }
    }

    pub(super) fn delimiter_of(&self, format: Format) -> Result<u8, SourceError> {
        match (&self.delimiter, format) {
            (None, Format::Tsv) => Ok(b'\t'),
            (None, _) => Ok(b','),
            (Some(text), _) => match text.as_bytes() {
                [byte] if byte.is_ascii() && !b"\"\r\n".contains(byte) => Ok(*byte),
                _ => Err(SourceError::Setting {
                    setting: "delimiter",
                    value: text.clone(),
                    reason: "must be one ASCII character, and no quote or line end",
                }),
            },
        }
    }

    pub(super) fn selection(&self) -> Selection {
        Selection {
            formula: self.formula.clone(),
            structure: self.structure.clone(),
            id: self.id.clone(),
            others: self.columns.iter().map(|column| column.name.clone()).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exactly_one_kind_is_needed() {
        let error = |text: &str| {
            toml::from_str::<SourceSpec>(text).expect("plan").listing(Path::new(".")).expect_err("kinds").to_string()
        };
        assert_eq!(
            error("csv = 'a'\nparquet = 'b'"),
            "[source] needs exactly one of csv, tsv, parquet, a structure format, input; found csv, parquet"
        );
        assert_eq!(
            error("id = 'a'"),
            "[source] needs exactly one of csv, tsv, parquet, a structure format, input; found none"
        );
    }

    #[test]
    fn unknown_keys_are_refused() {
        assert!(toml::from_str::<SourceSpec>("cvs = 'a'").is_err());
        assert!(toml::from_str::<SourceSpec>("csv = 'a'\ncolumns = [{ nam = 'x' }]").is_err());
    }

    #[test]
    fn delimiters_that_cannot_work_are_refused() {
        for bad in ["", ",,", "\"", "\n", "§"] {
            let spec = SourceSpec { delimiter: Some(bad.into()), ..SourceSpec::default() };
            assert!(spec.delimiter_of(Format::Csv).is_err(), "{bad:?}");
        }
    }
}
