//! How large a tolerance a lattice bears before shears pass for rotations.

use moyo::base::Cell;
use nalgebra::Vector3;

/// `moyo` doubles tolerances that prove too small.
const SHARE: f64 = 0.5;

/// Largest symprec, in Å, at which no shear of the crystal's lattice is taken for a rotation.
///
/// A lattice vector *c* and its sum with another, *c* + *a*, may be equally long; then the shear that takes one to the other
/// keeps all lengths and turns *c* by about *a*/*c* only. `moyo` multiplies what it takes for rotations until nothing new
/// comes, and with a shear, whose powers never end, it takes all memory. It compares angles by `sin² Δ · a c < symprec²`, so
/// that symprec must stay below `√(a³/c)`, with the shortest and the longest vector of the reduced primitive lattice: the longest
/// of the given one is no shorter, and a shorter vector than the given ones takes each atom of the rarest kind to another.
/// That is 0.7 Å for *a* = 2.5 Å and *c* = 30 Å: only needles of cells are affected.
pub(super) fn largest_symprec(cell: &Cell) -> f64 {
    let Ok((reduced, change)) = cell.lattice.minkowski_reduce() else { return f64::INFINITY };
    let lengths = [0, 1, 2].map(|column| reduced.basis.column(column).norm());
    let longest = lengths.into_iter().fold(0.0, f64::max);
    let mut shortest = lengths.into_iter().fold(f64::INFINITY, f64::min);
    let Some(into_reduced) = change.map(f64::from).try_inverse() else { return f64::INFINITY };
    let mut rarest = rarest_kind(cell);
    let Some(first) = rarest.next() else { return f64::INFINITY };
    for other in rarest {
        let apart = (into_reduced * (cell.positions[other] - cell.positions[first])).map(|x| x - x.round());
        for image in 0..27 {
            let shift = Vector3::new(image / 9 - 1, image / 3 % 3 - 1, image % 3 - 1).map(f64::from);
            shortest = shortest.min((reduced.basis * (apart + shift)).norm());
        }
    }
    SHARE * (shortest * shortest * shortest / longest).sqrt()
}

/// Sites of the kind that has fewest, the first kind of several.
fn rarest_kind(cell: &Cell) -> impl Iterator<Item = usize> {
    let most = cell.numbers.iter().copied().max().unwrap_or(0);
    let mut counts = vec![0_usize; most.max(0) as usize + 1];
    for &number in &cell.numbers {
        counts[number as usize] += 1;
    }
    let rarest = (1..counts.len()).filter(|&kind| counts[kind] > 0).min_by_key(|&kind| counts[kind]).unwrap_or(0);
    (0..cell.num_atoms()).filter(move |&site| cell.numbers[site] as usize == rarest)
}

#[cfg(test)]
mod tests {
    use crate::crystal::{Lattice, Structure, Symmetry};

    /// Layers of zinc and sulphur, 3.85 Å apart in a plane and stacked by thirds of a translation: wurtzite and blende in
    /// turn, as in the polytypes of ZnS. The primitive cell is a needle with angles of 7°.
    fn polytype(layers: usize) -> Structure {
        let (a, height) = (3.85, 3.12 * layers as f64);
        let third = a / 3f64.sqrt();
        let rows = [0.0f64, 120.0, 240.0].map(|turn| {
            let turn = turn.to_radians();
            [third * turn.cos(), third * turn.sin(), height]
        });
        let mut structure = Structure::new(Lattice::new(rows).expect("a cell"));
        for layer in 0..layers {
            // Along the threefold axis x = y = z; the pattern repeats only after the whole cell.
            let z = layer as f64 / layers as f64 + if layer == 0 { 0.001 } else { 0.0 };
            structure.push([z; 3], "Zn".parse().expect("symbol"));
            structure.push([z + 0.75 / layers as f64; 3], "S".parse().expect("symbol"));
        }
        structure
    }

    #[test]
    fn a_needle_of_a_cell_has_a_symmetry_and_takes_no_end_of_memory() {
        for layers in [7, 10, 16, 25] {
            let symmetry = Symmetry::find(&polytype(layers), 0.01).expect("a space group");
            // R 3 m: the threefold axis and the three mirrors through it.
            assert_eq!(symmetry.number(), 160, "{layers} layers");
        }
    }

    #[test]
    fn the_tolerance_of_a_cube_is_half_its_edge_and_of_a_face_centred_one_less() {
        let limit = |structure: &Structure| super::largest_symprec(&crate::crystal::symmetry::cell_of(structure).0);
        let mut polonium = Structure::new(Lattice::cubic(3.34).expect("a cell"));
        polonium.push([0.25; 3], "Po".parse().expect("symbol"));
        assert!((limit(&polonium) - 0.5 * 3.34).abs() < 1e-12);
        let mut copper = Structure::new(Lattice::cubic(3.6).expect("a cell"));
        for frac in [[0.0, 0.0, 0.0], [0.0, 0.5, 0.5], [0.5, 0.0, 0.5], [0.5, 0.5, 0.0]] {
            copper.push(frac, "Cu".parse().expect("symbol"));
        }
        // Shortest translation 3.6/√2: ½ √(3.6² / 2√2).
        assert!((limit(&copper) - 0.5 * 3.6 / 8f64.sqrt().sqrt()).abs() < 1e-12);
    }
}
