//! Whether the symmetry of a crystal may be searched with a wide tolerance of angles, as pymatgen asks for, and to what effect.
//!
//! `moyo` collects the maps of the reduced primitive lattice onto itself that keep lengths and angles within the tolerances, and
//! multiplies them until nothing new comes. Where a shear is among them this never ends. So the maps are collected here first,
//! for every lattice that the search may come to.

use moyo::MoyoDataset;
use moyo::base::{Cell, Lattice};
use nalgebra::{Matrix3, Vector3};

/// pymatgen's `angle_tolerance`, in degrees.
pub(super) const WIDE: f64 = 5.0;

/// The search widens its tolerances, if ever, by a factor below this before it narrows them.
const MARGIN: f64 = 2.0;

/// Most centring translations of a cell that is looked at: every subgroup of so few is made by two of them.
const MAX_TRANSLATIONS: usize = 4;

/// Order of the largest group that maps a lattice onto itself: that of a cube.
const MAX_ORDER: usize = 48;

type Map = Matrix3<i32>;

/// Whether a search at [`WIDE`] angles ends, and may find more than `narrow`, which was found at `symprec` with angles compared by
/// distances.
pub(super) fn is_worth_a_search(cell: &Cell, narrow: &MoyoDataset, symprec: f64) -> bool {
    if narrow.symprec != symprec {
        return false;
    }
    let translations: Vec<Vector3<f64>> = narrow
        .operations
        .iter()
        .filter(|operation| operation.rotation == Map::identity())
        .map(|operation| operation.translation)
        .collect();
    if translations.len() > MAX_TRANSLATIONS {
        return false;
    }
    let mut lattices: Vec<Lattice> = Vec::new();
    for (at, first) in translations.iter().enumerate() {
        for second in &translations[at..] {
            let Some(finer) = with_translations(&cell.lattice, &[*first, *second], translations.len()) else {
                return false;
            };
            let Ok((reduced, _)) = finer.minkowski_reduce() else { return false };
            lattices.push(reduced);
        }
    }
    let volume = |lattice: &Lattice| lattice.basis.determinant().abs();
    let Some(primitive) = lattices.iter().min_by(|a, b| volume(a).total_cmp(&volume(b))) else { return false };
    let wide = WIDE.to_radians();
    let by_distance = |deviation: f64, product: f64| {
        let sine = deviation.sin();
        sine * sine * product < symprec * symprec
    };
    if maps(primitive, symprec, by_distance).len()
        == maps(primitive, symprec, |deviation, _| deviation.abs() <= wide).len()
    {
        return false;
    }
    lattices.iter().all(|lattice| {
        generates_a_finite_group(&maps(lattice, MARGIN * symprec, |deviation, _| deviation.abs() <= MARGIN * wide))
    })
}

/// The lattice that also holds `translations`, whose `order`-fold are whole numbers.
fn with_translations(lattice: &Lattice, translations: &[Vector3<f64>], order: usize) -> Option<Lattice> {
    // In units of 1/denominator of the basis; rows of an integer matrix, brought to triangular form by Euclid's algorithm.
    let denominator = (1..=order).product::<usize>() as i64;
    let mut rows: Vec<[i64; 3]> =
        (0..3).map(|k| std::array::from_fn(|j| if j == k { denominator } else { 0 })).collect();
    for translation in translations {
        rows.push(std::array::from_fn(|k| (translation[k] * denominator as f64).round() as i64));
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
    Some(Lattice { basis })
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
    use crate::crystal::{Lattice, Structure, Symmetry};

    /// SpacegroupAnalyzer(…, symprec=0.01, angle_tolerance=5) of pymatgen-core 2026.10.16 and spglib 2.8.0 gives 221, and 166
    /// with angle_tolerance=-1: the angles are off by 0.2°, 0.014 Å.
    #[test]
    fn a_slightly_sheared_cube_is_a_cube() {
        let lattice = Lattice::from_parameters([3.9; 3], [90.2; 3]).expect("a cell");
        let mut structure = Structure::new(lattice);
        structure.push([0.0; 3], "Cs".parse().expect("symbol"));
        structure.push([0.5; 3], "Cl".parse().expect("symbol"));
        assert_eq!(Symmetry::find(&structure, 0.01).expect("found").number(), 221);
    }

    /// Ag–Hg as in the Materials Project: at 5° shears pass for rotations, and a search without bounds takes all memory.
    #[test]
    fn a_needle_whose_shears_are_small_turns_is_searched_by_distances() {
        let lattice = Lattice::from_parameters([4.6562, 4.6562, 50.3085], [88.147, 88.147, 67.880]).expect("a cell");
        let mut structure = Structure::new(lattice);
        for step in 0..12 {
            let z = f64::from(step) / 12.0 + if step % 5 == 0 { 0.003 } else { 0.0 };
            structure.push([z, z, z], if step % 3 == 0 { "Ag" } else { "Hg" }.parse().expect("symbol"));
        }
        assert!(Symmetry::find(&structure, 0.1).is_ok());
    }

    /// Two primitive cells of a body-centred lattice: the finer lattice has half the volume.
    #[test]
    fn a_centring_translation_halves_the_cell() {
        let cube = moyo::base::Lattice { basis: nalgebra::Matrix3::identity() * 4.0 };
        let finer = super::with_translations(&cube, &[nalgebra::Vector3::new(0.5, 0.5, 0.5)], 2).expect("a basis");
        assert!((finer.basis.determinant().abs() - 32.0).abs() < 1e-12);
        let length = finer.minkowski_reduce().expect("reduced").0.basis.column(0).norm();
        assert!((length - 12f64.sqrt()).abs() < 1e-12);
    }
}
