//! How large an angle tolerance a lattice bears before shears pass for rotations.

use moyo::base::Cell;
use nalgebra::Vector3;

/// Share of the smallest angle of a shear that a tolerance may have: `moyo` doubles tolerances that prove too small.
const SHARE: f64 = 0.45;

/// Largest angle tolerance, in radians, at which no shear of the crystal's lattice is taken for a rotation.
///
/// A lattice vector *c* and its sum with another, *c* + *a*, may be equally long; then the shear that takes one to the other
/// keeps all lengths and changes angles by about *a*/*c* only: 3.5° where a layer of 2 Å is stacked 33 Å high. `moyo`
/// multiplies what it takes for rotations until nothing new comes, and with a shear, whose powers never end, it takes all
/// memory. So the tolerance stays below the shortest over the longest vector of the reduced primitive lattice: the longest
/// of the given one is no shorter, and a shorter vector than the given ones takes each atom of the rarest kind to another.
pub(super) fn largest_angle(cell: &Cell) -> f64 {
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
    SHARE * shortest / longest
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
        let (a, height) = (3.85, 3.14 * layers as f64);
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
            let symmetry = Symmetry::find(&polytype(layers), 0.01, Some(5.0)).expect("a space group");
            // R 3 m: the threefold axis and the three mirrors through it.
            assert_eq!(symmetry.number(), 160, "{layers} layers");
        }
    }

    #[test]
    fn compact_cells_keep_their_tolerance() {
        let mut salt = Structure::new(Lattice::cubic(5.64).expect("a cell"));
        for [x, y, z] in [[0.0, 0.0, 0.0], [0.0, 0.5, 0.5], [0.5, 0.0, 0.5], [0.5, 0.5, 0.0]] {
            salt.push([x, y, z], "Na".parse().expect("symbol"));
            salt.push([x + 0.5, y, z], "Cl".parse().expect("symbol"));
        }
        // Shortest translation 5.64/√2: 0.45 / √2 = 0.318.
        let limit = super::largest_angle(&crate::crystal::symmetry::cell_of(&salt).0);
        assert!((limit - 0.45 / 2f64.sqrt()).abs() < 1e-12, "{limit}");
    }
}
