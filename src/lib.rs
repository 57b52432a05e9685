//! matsieve (材筛): high-throughput materials screening.
//!
//! Candidates go in (files of formulas, or a space that is enumerated), descriptors are computed in parallel,
//! surrogate models predict properties with calibrated uncertainty, filters and rankings choose, and one
//! self-describing HDF5 file comes out with the record of how it was made.
#![deny(unsafe_code)]

pub mod candidate;
pub mod chem;
pub mod cli;
pub mod crystal;
pub mod descriptor;
pub mod filter;
pub mod product;
pub mod random;
pub mod rank;
pub mod report;
pub mod screen;
pub mod sink;
pub mod source;
pub mod surrogate;
pub mod units;
