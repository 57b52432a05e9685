//! The Crystallographic Information File, CIF 1.1 and 2.0, the magnetic dictionary and the habits of COD, ICSD, the Pauling File
//! and pymatgen included.
//!
//! References: S. R. Hall, F. H. Allen and I. D. Brown, Acta Cryst. A47, 655 (1991), 10.1107/S010876739101067X; H. J. Bernstein
//! et al., J. Appl. Cryst. 49, 277 (2016), 10.1107/S1600576715021871. Where files leave things open, we do what pymatgen's
//! `CifParser` and gemmi do where these agree; each module says where it departs.
//!
//! Disorder groups do not choose between atoms: all are kept with their occupancies. Magnetic moments, displacement parameters and
//! bonds are passed over.

mod block;
mod cell;
mod expand;
mod framer;
mod hall;
mod lexer;
mod number;
mod operation;
mod reader;
mod sites;
mod space_group;
mod species;
mod symmetry;
mod tag;
mod utf16;

use super::StructureFormat;

pub(super) const FORMAT: StructureFormat =
    StructureFormat { framer: || Box::new(framer::CifFramer::default()), reader: &reader::CifReader };
