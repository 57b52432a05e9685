//! HTML reports of a result file: one self-contained page in Chinese or English, no script, nothing loaded from outside.
//!
//! [`ReportData`] holds what is shown; [`html`] writes it. All text that comes from a file is escaped.

mod card;
mod chart;
mod collect;
mod data;
mod figures;
mod html;
mod message;
mod models;
mod page;
mod plan;
mod provenance;
mod top;

pub use collect::{Selection, top_rows};
pub use data::{Distribution, Fact, ModelSummary, PredictionCell, QuarantineGroup, ReportData, TopRow, Tradeoff};
pub use message::Language;
pub use page::html;
