//! The result file: HDF5 segments, merge, seal, digests, reader, export.

mod attributes;
mod columns;
mod compress;
mod content;
mod data;
mod digest;
mod error;
mod export;
mod files;
mod merge;
mod options;
mod publish;
mod raw;
mod reader;
mod schema;
mod seal;
mod segment;
mod shards;
mod store;
mod structure;
mod table;
mod tables;
mod verify;
mod virtual_rows;
mod writer;

pub use error::SinkError;
pub use export::{ExportFormat, ExportOptions, ExportRows, export};
pub use options::{Identity, Progress, Prune, RootAttributes, StoreOptions, StoreRows, Summary};
pub use reader::{NamedColumn, ResultFile};
pub use segment::{PartsState, parts_state};
pub use shards::{MergeRequest, check_seal, is_complete, merge_results};
pub use store::{Opened, Store};
pub use structure::{StructureEntry, StructureFormat, StructureOutput, StructureRow, StructureRows};
pub use tables::StoredFault;
pub use verify::{Check, Report, verify};
