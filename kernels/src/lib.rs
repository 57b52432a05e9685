//! Numeric kernels.

pub mod moments;
