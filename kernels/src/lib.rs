//! Numeric kernels of matsieve.
//!
//! Pure functions over slices: no input or output, no allocation but of prepared tables, no threads, no logging, no
//! dependencies. Lengths are checked once by `assert!` and are the caller's bug. Results have a fixed order of
//! association and, outside [`gemm`], no fused multiply-add, so every processor gives the same bits, whatever
//! [`dispatch::Level`] it runs at.
#![deny(unsafe_code)]

pub mod angular;
pub mod attention;
pub mod cholesky;
pub mod dispatch;
pub mod eigen;
pub mod exp;
pub mod expansion;
pub mod gemm;
pub mod harmonics;
pub mod layers;
pub mod moments;
pub mod networks;
pub mod partial_sums;
pub mod power_spectrum;
pub mod radial;
pub mod structure_factor;
pub mod symmetry_functions;
pub mod trees;

#[cfg(target_arch = "x86_64")]
mod gemm_x86;
mod ln;
mod single;
mod thresholds;
mod walk;
#[cfg(target_arch = "x86_64")]
mod walk_avx512;
