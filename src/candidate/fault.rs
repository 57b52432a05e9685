//! Faults: why one candidate got no verdict. A fault never stops a run.

use std::borrow::Cow;
use std::fmt;

use crate::chem::{FormulaError, FormulaErrorKind};

/// Where in the engine a candidate faulted.
#[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// The source could not deliver the record.
    Read,
    /// The record is no candidate.
    Parse,
    /// A filter could not judge.
    Filter,
    /// A descriptor could not be computed.
    Describe,
    /// A surrogate or the ranking could not use the row.
    Predict,
}

impl Stage {
    /// The name stored in results.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Parse => "parse",
            Self::Filter => "filter",
            Self::Describe => "describe",
            Self::Predict => "predict",
        }
    }
}

macro_rules! fault_codes {
    ($($(#[doc = $doc:literal])+ $variant:ident = $name:literal,)+) => {
        /// Stable, kebab-case reason of a fault.
        #[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        #[non_exhaustive]
        pub enum FaultCode { $($(#[doc = $doc])+ $variant,)+ }

        impl FaultCode {
            /// All codes, in the order of the manual.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The code as stored and printed.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }

            /// What it means, one sentence (the manual's text).
            pub const fn meaning(self) -> &'static str {
                match self { $(Self::$variant => concat!($($doc),+),)+ }
            }
        }
    };
}

fault_codes! {
    /// The text is no chemical formula.
    UnparsableFormula = "unparsable-formula",
    /// The formula can be read in more than one way.
    AmbiguousFormula = "ambiguous-formula",
    /// A symbol names no element.
    UnknownElement = "unknown-element",
    /// No atoms are left, or the field is empty.
    EmptyComposition = "empty-composition",
    /// The record of a table cannot be read (columns missing, quotes open, not UTF-8).
    UnparsableRecord = "unparsable-record",
    /// A field that must hold a number holds something else.
    UnparsableNumber = "unparsable-number",
    /// The CIF data block cannot be read, or is no structure.
    UnparsableCif = "unparsable-cif",
    /// The POSCAR file cannot be read.
    UnparsablePoscar = "unparsable-poscar",
    /// The extended-XYZ frame cannot be read.
    UnparsableExtxyz = "unparsable-extxyz",
    /// The JSON document cannot be read, or is none of the structure formats.
    UnparsableJson = "unparsable-json",
    /// The structure in another format (FHI-aims, pymatgen's print, ASE db) cannot be read.
    UnparsableStructure = "unparsable-structure",
    /// The symmetry is given by a name or number that is none, or by operations that form no group; or none is found.
    UnknownSymmetry = "unknown-symmetry",
    /// A site is shared or partly filled, but a descriptor needs an ordered structure.
    DisorderedStructure = "disordered-structure",
    /// The cell spans no volume, or its vectors are no numbers.
    ZeroVolume = "zero-volume",
    /// Two atoms lie on the same place.
    OverlappingAtoms = "overlapping-atoms",
    /// The cell has more atoms than the limit, or than a descriptor can take.
    TooManyAtoms = "too-many-atoms",
    /// The candidate has no structure, but a descriptor or filter needs one.
    NoStructure = "no-structure",
    /// The record or formula is larger than the limit.
    TooLarge = "too-large",
    /// A table lacks an element that the plan's rule cannot do without.
    MissingElementData = "missing-element-data",
    /// The candidate has no composition, but a descriptor or filter needs one.
    NoComposition = "no-composition",
    /// A number is infinite or not a number where the definition is finite.
    NonFinite = "non-finite",
    /// A defect of this program; please report it.
    Internal = "internal",
}

impl fmt::Display for FaultCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Why one candidate got no verdict.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Fault {
    /// Where.
    pub stage: Stage,
    /// Why, for programs.
    pub code: FaultCode,
    /// Why, for people: states the thing, the value, what was expected.
    pub detail: Cow<'static, str>,
}

impl Fault {
    /// A fault.
    pub fn new(stage: Stage, code: FaultCode, detail: impl Into<Cow<'static, str>>) -> Self {
        Self { stage, code, detail: detail.into() }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.detail)
    }
}

impl std::error::Error for Fault {}

impl From<FormulaErrorKind> for FaultCode {
    fn from(kind: FormulaErrorKind) -> Self {
        match kind {
            FormulaErrorKind::Unparsable => Self::UnparsableFormula,
            FormulaErrorKind::Ambiguous => Self::AmbiguousFormula,
            FormulaErrorKind::UnknownElement => Self::UnknownElement,
            FormulaErrorKind::Empty => Self::EmptyComposition,
            FormulaErrorKind::TooLarge => Self::TooLarge,
        }
    }
}

impl From<FormulaError> for Fault {
    fn from(error: FormulaError) -> Self {
        Self::new(Stage::Parse, error.kind().into(), error.to_string())
    }
}
