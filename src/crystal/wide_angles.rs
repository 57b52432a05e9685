//! Whether the symmetry of a crystal may be searched with a wide tolerance of angles, as pymatgen asks for, and to what effect.
//!
//! `moyo` collects the maps of the reduced primitive lattice onto itself that keep lengths and angles within the tolerances, and
//! multiplies them until nothing new comes. Where a shear is among them this never ends. So the maps are collected here first.

use moyo::MoyoDataset;
use moyo::base::{AngleTolerance, Cell, Lattice};
use moyo::data::Setting;
use nalgebra::{Matrix3, Vector3};

/// pymatgen's `angle_tolerance`, in degrees.
const WIDE: f64 = 5.0;

/// The search widens its tolerances, if ever, by a factor below this before it narrows them.
const MARGIN: f64 = 2.0;

/// Order of the largest group that maps a lattice onto itself: that of a cube.
const MAX_ORDER: usize = 48;

type Map = Matrix3<i32>;

/// What a search at 5° finds, where it ends and may find more than `narrow`, which was found at `symprec` with angles compared
/// by distances.
///
/// In a cell of several primitive ones the primitive one is searched first: only if that succeeds without another
/// tolerance is the cell itself searched, which then succeeds at once as well, so that the result does not depend on the cell.
pub(super) fn wider(cell: &Cell, narrow: &MoyoDataset, symprec: f64) -> Option<MoyoDataset> {
    if narrow.symprec != symprec {
        return None;
    }
    let translations: Vec<Vector3<f64>> = narrow
        .operations
        .iter()
        .filter(|operation| operation.rotation == Map::identity())
        .map(|operation| operation.translation)
        .collect();
    let primitive = with_translations(&cell.lattice, &translations)?;
    if !adds_maps(&primitive, symprec)? || !is_safe(&primitive, symprec)? || !is_safe(&cell.lattice, symprec)? {
        return None;
    }
    if translations.len() > 1 && search(&primitive_cell(cell, narrow, primitive)?, symprec)?.symprec != symprec {
        return None;
    }
    search(cell, symprec)
}

fn search(cell: &Cell, symprec: f64) -> Option<MoyoDataset> {
    MoyoDataset::new(cell, symprec, AngleTolerance::Radian(WIDE.to_radians()), Setting::Standard, true).ok()
}

/// Whether the lattice has more maps onto itself at wide angles than by distances.
fn adds_maps(lattice: &Lattice, symprec: f64) -> Option<bool> {
    let (lattice, _) = lattice.minkowski_reduce().ok()?;
    let by_distance = |deviation: f64, product: f64| {
        let sine = deviation.sin();
        sine * sine * product < symprec * symprec
    };
    let wide = WIDE.to_radians();
    let wide = maps(&lattice, symprec, |deviation, _| deviation.abs() <= wide);
    Some(wide.len() > maps(&lattice, symprec, by_distance).len())
}

/// Whether a search at wide angles ends in this lattice.
fn is_safe(lattice: &Lattice, symprec: f64) -> Option<bool> {
    let (lattice, _) = lattice.minkowski_reduce().ok()?;
    let wide = MARGIN * WIDE.to_radians();
    Some(generates_a_finite_group(&maps(&lattice, MARGIN * symprec, |deviation, _| deviation.abs() <= wide)))
}

/// One site of each that the translations of the crystal make equivalent, in the primitive lattice.
fn primitive_cell(cell: &Cell, narrow: &MoyoDataset, lattice: Lattice) -> Option<Cell> {
    let into_primitive = lattice.basis.try_inverse()? * cell.lattice.basis;
    let (mut positions, mut numbers, mut seen) = (Vec::new(), Vec::new(), Vec::new());
    for (site, primitive) in narrow.mapping_std_prim.iter().enumerate() {
        if !seen.contains(primitive) {
            seen.push(*primitive);
            positions.push(into_primitive * cell.positions[site]);
            numbers.push(cell.numbers[site]);
        }
    }
    Some(Cell::new(lattice, positions, numbers))
}

/// The lattice that also holds `translations`, which form a group with it; `None` if they do not.
fn with_translations(lattice: &Lattice, translations: &[Vector3<f64>]) -> Option<Lattice> {
    // As many times as there are, each translation is a whole one. Rows of an integer matrix in these units, brought to
    // triangular form by Euclid's algorithm.
    let denominator = translations.len() as i64;
    let mut rows: Vec<[i64; 3]> =
        (0..3).map(|k| std::array::from_fn(|j| if j == k { denominator } else { 0 })).collect();
    for translation in translations {
        let steps = translation * denominator as f64;
        // They are known within the tolerance only; in units so small that this is half of one, nothing is.
        if steps.iter().any(|step| (step - step.round()).abs() > 0.25) {
            return None;
        }
        rows.push(std::array::from_fn(|k| steps[k].round() as i64));
    }
    let mut basis = Matrix3::zeros();
    for column in 0..3 {
        loop {
            let pivot = (column..rows.len())
                .filter(|&row| rows[row][column] != 0)
                .min_by_key(|&row| rows[row][column].abs())?;
            rows.swap(column, pivot);
            let (head, rest) = rows.split_at_mut(column + 1);
            let pivot = head[column];
            for row in rest.iter_mut() {
                let times = row[column].div_euclid(pivot[column]);
                for k in 0..3 {
                    row[k] -= times * pivot[k];
                }
            }
            if rest.iter().all(|row| row[column] == 0) {
                break;
            }
        }
        let row = Vector3::from(rows[column].map(|entry| entry as f64 / denominator as f64));
        basis.set_column(column, &(lattice.basis * row));
    }
    let cells = lattice.basis.determinant().abs() / basis.determinant().abs();
    ((cells - denominator as f64).abs() < 1e-6 * denominator as f64).then_some(Lattice { basis })
}

/// Maps of a reduced lattice onto itself that keep lengths within `symprec` and angles as `keeps` says, from the deviation (in
/// radians) and the product of the lengths.
fn maps(lattice: &Lattice, symprec: f64, keeps: impl Fn(f64, f64) -> bool) -> Vec<Map> {
    let columns: [Vector3<f64>; 3] = std::array::from_fn(|k| lattice.basis.column(k).into());
    let candidates: [Vec<(Vector3<i32>, Vector3<f64>)>; 3] = std::array::from_fn(|k| {
        (0..27)
            .map(|at| Vector3::new(at / 9 - 1, at / 3 % 3 - 1, at % 3 - 1))
            .map(|steps| (steps, lattice.basis * steps.map(f64::from)))
            .filter(|(_, vector)| (vector.norm() - columns[k].norm()).abs() < symprec)
            .collect()
    });
    let is_kept = |[a, b]: [usize; 2], first: &Vector3<f64>, second: &Vector3<f64>| {
        let deviation = first.angle(second) - columns[a].angle(&columns[b]);
        let lengths = (columns[a].norm() + first.norm()) * (columns[b].norm() + second.norm()) / 4.0;
        keeps(deviation, lengths)
    };
    let mut found = Vec::new();
    for (steps_0, first) in &candidates[0] {
        for (steps_1, second) in candidates[1].iter().filter(|(_, second)| is_kept([0, 1], first, second)) {
            for (steps_2, third) in &candidates[2] {
                let map = Map::from_columns(&[*steps_0, *steps_1, *steps_2]);
                if is_kept([1, 2], second, third) && is_kept([2, 0], third, first) && determinant(&map).abs() == 1 {
                    found.push(map);
                }
            }
        }
    }
    found
}

fn determinant(map: &Map) -> i32 {
    map.column(0).dot(&map.column(1).cross(&map.column(2)))
}

/// Whether products of the maps, however long, are at most [`MAX_ORDER`] different ones.
fn generates_a_finite_group(maps: &[Map]) -> bool {
    if maps.len() > MAX_ORDER {
        return false;
    }
    let mut group = vec![Map::identity()];
    let mut next = 0;
    while next < group.len() {
        for map in maps {
            let product = group[next] * map;
            if !group.contains(&product) {
                if group.len() == MAX_ORDER {
                    return false;
                }
                group.push(product);
            }
        }
        next += 1;
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crystal::{Structure, Symmetry};

    /// Caesium chloride, `times` cells along each edge, its angles off by 0.2°.
    fn sheared(times: usize) -> Structure {
        let edge = 3.9 * times as f64;
        let lattice = crate::crystal::Lattice::from_parameters([edge; 3], [90.2; 3]).expect("a cell");
        let mut structure = Structure::new(lattice);
        for cell in 0..times * times * times {
            let place = [cell / times / times, cell / times % times, cell % times];
            for (symbol, shift) in [("Cs", 0.0), ("Cl", 0.5)] {
                structure.push(place.map(|x| (x as f64 + shift) / times as f64), symbol.parse().expect("symbol"));
            }
        }
        structure
    }

    /// SpacegroupAnalyzer(…, symprec=0.01, angle_tolerance=5) of pymatgen-core 2026.10.16 and spglib 2.8.0 gives 221, and 166
    /// with angle_tolerance=-1: the angles are off by 0.014 Å.
    #[test]
    fn a_slightly_sheared_cube_is_a_cube_in_every_cell() {
        for times in [1, 2, 3] {
            let symmetry = Symmetry::find(&sheared(times), 0.01).expect("found");
            assert_eq!((symmetry.number(), symmetry.num_primitive_sites()), (221, 2), "{times}");
        }
    }

    /// Ag–Hg as in the Materials Project: at 5° a shear passes for a rotation, and a search without bounds takes all memory.
    #[test]
    fn a_needle_whose_shears_are_small_turns_is_not_safe() {
        let needle = crate::crystal::Lattice::from_parameters([4.6562, 4.6562, 50.3085], [88.147, 88.147, 67.880])
            .expect("a cell");
        let rows = needle.rows();
        let lattice = Lattice::new(Matrix3::from_fn(|i, j| rows[i][j]));
        assert_eq!(is_safe(&lattice, 0.1), Some(false));
        let cube = Lattice { basis: Matrix3::identity() * 4.0 };
        assert_eq!(is_safe(&cube, 0.1), Some(true));
    }

    /// A shear has powers without end; a fourfold axis has four.
    #[test]
    fn a_shear_generates_no_finite_group() {
        let shear = Map::new(1, 1, 0, 0, 1, 0, 0, 0, 1);
        let turn = Map::new(0, -1, 0, 1, 0, 0, 0, 0, 1);
        assert!(generates_a_finite_group(&[turn]) && !generates_a_finite_group(&[shear]));
    }

    /// Body-centred: half the volume, shortest vector √12/4·4 = 2√3.
    #[test]
    fn a_centring_translation_halves_the_cell() {
        let cube = Lattice { basis: Matrix3::identity() * 4.0 };
        let finer = with_translations(&cube, &[Vector3::zeros(), Vector3::new(0.5, 0.5, 0.5)]).expect("a basis");
        assert!((finer.basis.determinant().abs() - 32.0).abs() < 1e-12);
        let length = finer.minkowski_reduce().expect("reduced").0.basis.column(0).norm();
        assert!((length - 12f64.sqrt()).abs() < 1e-12);
        // A third and nothing else is no group of two.
        assert!(with_translations(&cube, &[Vector3::zeros(), Vector3::new(1.0 / 3.0, 0.0, 0.0)]).is_none());
    }
}
