//! The cell of a data block.

use crate::candidate::FaultCode;
use crate::crystal::Lattice;

use super::block::Block;
use super::number::{is_missing, number};
use super::tag::Key;

/// Why there is no cell, and where in the record.
pub(super) struct NoCell {
    pub at: usize,
    pub code: FaultCode,
    pub why: String,
}

/// Reads lengths (Å) and angles (degrees).
///
/// What is missing follows from the crystal system where it is given (b = a in a tetragonal cell, 120° in a hexagonal
/// one); else a missing angle is 90°, the default of the CIF dictionary.
pub(super) fn cell(block: &Block<'_>) -> Result<Lattice, NoCell> {
    let system = block.item_of(Key::CRYSTAL_SYSTEM).map(|span| span.of(block.bytes).trim_ascii().to_ascii_lowercase());
    let system = system.as_deref().unwrap_or_default();
    let given = Key::LENGTHS.iter().chain(&Key::ANGLES).find_map(|key| block.item_of(*key));
    let first = given.map_or(0, |span| span.start as usize);
    let read = |keys: [Key; 3]| -> Result<[Option<f64>; 3], NoCell> {
        let mut values = [None; 3];
        for (value, key) in values.iter_mut().zip(keys) {
            let Some(column) = block.column(key).filter(|column| column.rows() > 0) else { continue };
            let span = column.value(0);
            let place = span.start as usize;
            let text = span.of(block.bytes);
            if !is_missing(text) {
                let why = || format!("the cell has {:?} where a number belongs", String::from_utf8_lossy(text));
                let is_float =
                    ["nan", "inf", "-nan", "-inf"].iter().any(|word| text.eq_ignore_ascii_case(word.as_bytes()));
                let code = if is_float { FaultCode::ZeroVolume } else { FaultCode::UnparsableCif };
                *value = Some(number(text).ok_or_else(|| NoCell { at: place, code, why: why() })?);
            }
        }
        Ok(values)
    };
    let [a, b, c] = read(Key::LENGTHS)?;
    let [alpha, beta, gamma] = read(Key::ANGLES)?;
    let is = |name: &str| system == name.as_bytes();
    let b = b.or(a.filter(|_| ["tetragonal", "hexagonal", "trigonal", "rhombohedral", "cubic"].into_iter().any(is)));
    let c = c.or(a.filter(|_| ["rhombohedral", "cubic"].into_iter().any(is)));
    let (Some(a), Some(b), Some(c)) = (a, b, c) else {
        let why = "the data block has no cell: _cell_length_a, _b and _c are needed".into();
        return Err(NoCell { at: first, code: FaultCode::UnparsableCif, why });
    };
    let right = if is("rhombohedral") { alpha.or(beta).or(gamma) } else { Some(90.0) };
    let beside = if is("hexagonal") || is("trigonal") { Some(120.0) } else { right };
    let (Some(alpha), Some(beta), Some(gamma)) = (alpha.or(right), beta.or(right), gamma.or(beside)) else {
        let why = "a rhombohedral cell without _cell_angle_alpha".into();
        return Err(NoCell { at: first, code: FaultCode::UnparsableCif, why });
    };
    Lattice::from_parameters([a, b, c], [alpha, beta, gamma]).ok_or_else(|| {
        let why = format!("no cell has the lengths {a}, {b}, {c} Å and the angles {alpha}, {beta}, {gamma}°");
        NoCell { at: first, code: FaultCode::ZeroVolume, why }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<([f64; 3], [f64; 3]), (FaultCode, String)> {
        let lattice = cell(&Block::read(text.as_bytes())).map_err(|error| (error.code, error.why))?;
        Ok((lattice.lengths(), lattice.angles().map(|angle| (angle * 1e9).round() / 1e9)))
    }

    #[test]
    fn what_is_missing_follows_from_the_crystal_system() {
        let hexagonal =
            read("_cell_length_a 3 _cell_length_c 5.0(1) _symmetry_cell_setting Hexagonal").expect("a cell");
        assert_eq!(hexagonal.1, [90.0, 90.0, 120.0]);
        assert!((hexagonal.0[1] - 3.0).abs() < 1e-12);
        assert_eq!(read("_cell_length_a 3 _space_group_crystal_system cubic").expect("a cell").1, [90.0; 3]);
        let lengths = "_cell_length_a 3 _cell_length_b 4 _cell_length_c 5";
        assert_eq!(
            read(&format!("{lengths} _cell_angle_beta 100 _cell_angle_gamma ?")).expect("a cell").1,
            [90.0, 100.0, 90.0]
        );
    }

    #[test]
    fn cells_without_numbers_or_volume_are_refused() {
        assert_eq!(read("_cell_length_a 3 _cell_length_b 4").expect_err("no c").0, FaultCode::UnparsableCif);
        assert_eq!(read("_cell_length_a five").expect_err("a word").0, FaultCode::UnparsableCif);
        let zero = read("_cell_length_a 0.0 _cell_length_b 4 _cell_length_c 4").expect_err("no length");
        assert_eq!(zero.0, FaultCode::ZeroVolume);
        assert_eq!(
            read("_cell_length_a nan _cell_length_b 4 _cell_length_c 4").expect_err("no number").0,
            FaultCode::ZeroVolume
        );
    }
}
