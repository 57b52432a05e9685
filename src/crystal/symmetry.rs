//! Space groups: an adapter to `moyo`, which stores lattice vectors as columns where ours are rows.

use moyo::MoyoDataset;
use moyo::base::{AngleTolerance, Cell, Operations};
use moyo::data::{GeometricCrystalClass, Setting};
use moyo::data::{arithmetic_crystal_class_entry, hall_symbol_entry, operations_from_number};
use nalgebra::{Matrix3, Vector3};

use super::needle::largest_symprec;
use super::wide_angles::wider;
use super::{Lattice, Occupant, Structure};

/// Most sites of a cell whose symmetry is searched: the search takes time in proportion to the square of the sites of one
/// kind (about 20 s for 10⁴ equal sites).
pub const MAX_SITES: usize = 10_000;

/// Why the symmetry of a structure is not known.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum SymmetryError {
    /// The cell is empty.
    #[error("the cell has no sites, so it has no symmetry")]
    Empty,
    /// The cell is too large for the search.
    #[error("the cell has {num_sites} sites, symmetry is searched in cells of at most {MAX_SITES}")]
    TooManySites {
        /// Sites of the cell.
        num_sites: usize,
    },
    /// The tolerance is no length.
    #[error("symprec is {symprec}, expected a positive length in Å")]
    Tolerance {
        /// The tolerance.
        symprec: f64,
    },
    /// No space group fits, at this tolerance or smaller ones.
    #[error("no space group found within {symprec} Å: {reason}")]
    NotFound {
        /// The tolerance.
        symprec: f64,
        /// What `moyo` says.
        reason: String,
    },
}

/// The seven crystal systems.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "they are their names")]
pub enum CrystalSystem {
    Triclinic,
    Monoclinic,
    Orthorhombic,
    Tetragonal,
    Trigonal,
    Hexagonal,
    Cubic,
}

/// A symmetry operation in fractional coordinates: `x ↦ rotation · x + translation`, x a column.
#[derive(Copy, Clone, Debug, PartialEq)]
pub struct Operation {
    /// Rotation matrix, row by row.
    pub rotation: [[i32; 3]; 3],
    /// Translation, in the cell.
    pub translation: [f64; 3],
}

/// Space group of a structure, and what follows from it for each site.
///
/// Sites are of one kind where the same occupants (element, occupancy, oxidation state) sit, in any order. Axes, origin and
/// cell choice of the standard cell are those of the International Tables (unique axis b, hexagonal axes, origin choice 2).
///
/// ```
/// use matsieve::crystal::{Lattice, Structure, Symmetry};
/// let mut perovskite = Structure::new(Lattice::cubic(3.905).unwrap());
/// perovskite.push([0.0, 0.0, 0.0], "Sr".parse().unwrap());
/// perovskite.push([0.5, 0.5, 0.5], "Ti".parse().unwrap());
/// for frac in [[0.5, 0.5, 0.0], [0.5, 0.0, 0.5], [0.0, 0.5, 0.5]] {
///     perovskite.push(frac, "O".parse().unwrap());
/// }
/// let symmetry = Symmetry::find(&perovskite, 0.01).unwrap();
/// assert_eq!((symmetry.number(), symmetry.symbol(), symmetry.point_group()), (221, "Pm-3m", "m-3m"));
/// assert_eq!(symmetry.orbits(), [0, 1, 2, 2, 2]);
/// assert_eq!(symmetry.num_orbits(), 3);
/// ```
#[derive(Clone, Debug)]
pub struct Symmetry {
    dataset: MoyoDataset,
    symbol: String,
    class: GeometricCrystalClass,
    num_orbits: usize,
    /// Where they differ from the orbits of the crystal.
    cell_orbits: Option<Vec<usize>>,
    /// The first site of each kind.
    kinds: Vec<u32>,
}

impl Symmetry {
    /// Finds the space group within `symprec` (Å) and 5° between lattice vectors, as pymatgen does.
    ///
    /// Where a search at 5° would not end, because a shear of the lattice passes for a rotation (some long thin and
    /// sheared cells), angles are compared by the distances that they move atoms, as spglib does by default. In long thin
    /// cells `symprec` is smaller than asked for.
    ///
    /// # Errors
    /// No sites, too many of them, a tolerance that is no length, or no group that fits.
    ///
    /// # References
    /// 10.1080/27660400.2024.2384822 (the algorithm of spglib, which `moyo` follows).
    pub fn find(structure: &Structure, symprec: f64) -> Result<Self, SymmetryError> {
        let num_sites = structure.len();
        if num_sites == 0 {
            return Err(SymmetryError::Empty);
        }
        if num_sites > MAX_SITES {
            return Err(SymmetryError::TooManySites { num_sites });
        }
        if !(symprec.is_finite() && symprec > 0.0) {
            return Err(SymmetryError::Tolerance { symprec });
        }
        let (cell, kinds) = cell_of(structure);
        let symprec = symprec.min(largest_symprec(&cell));
        let not_found = |error: moyo::Error| SymmetryError::NotFound { symprec, reason: error.to_string() };
        let narrow =
            MoyoDataset::new(&cell, symprec, AngleTolerance::Default, Setting::Standard, true).map_err(not_found)?;
        let dataset = wider(&cell, &narrow, symprec).unwrap_or(narrow);
        let class = hall_symbol_entry(dataset.hall_number)
            .and_then(|entry| arithmetic_crystal_class_entry(entry.arithmetic_number))
            .expect("moyo knows its own Hall numbers")
            .geometric_crystal_class;
        let num_orbits = dataset.orbits.iter().enumerate().filter(|&(site, &orbit)| site == orbit).count();
        let symbol = dataset.hm_symbol.replace(' ', "");
        let cell_orbits = orbits_of_cell(&cell, &dataset, point_group(class).1);
        Ok(Self { dataset, symbol, class, num_orbits, cell_orbits, kinds })
    }

    /// Number of the space group, 1 to 230.
    pub fn number(&self) -> u8 {
        self.dataset.number as u8
    }

    /// Short Hermann-Mauguin symbol of the space group, without spaces, screw axes as `4_2`.
    pub fn symbol(&self) -> &str {
        &self.symbol
    }

    /// Hermann-Mauguin symbol of the point group.
    pub fn point_group(&self) -> &'static str {
        point_group(self.class).0
    }

    /// Order of the point group: how many operations the primitive cell has.
    pub fn num_primitive_operations(&self) -> usize {
        point_group(self.class).1
    }

    /// Whether the space group has inversions, so that the point group is a Laue group.
    pub fn is_centrosymmetric(&self) -> bool {
        point_group(self.class).2
    }

    /// Crystal system.
    pub fn crystal_system(&self) -> CrystalSystem {
        match self.number() {
            0..=2 => CrystalSystem::Triclinic,
            3..=15 => CrystalSystem::Monoclinic,
            16..=74 => CrystalSystem::Orthorhombic,
            75..=142 => CrystalSystem::Tetragonal,
            143..=167 => CrystalSystem::Trigonal,
            168..=194 => CrystalSystem::Hexagonal,
            _ => CrystalSystem::Cubic,
        }
    }

    /// For each site the first site that is equivalent to it by the symmetry of the crystal, whatever its cell.
    pub fn orbits(&self) -> &[usize] {
        &self.dataset.orbits
    }

    /// For each site the first site that is equivalent to it by operations of the given cell: spglib's `equivalent_atoms`.
    ///
    /// Finer than [`orbits`](Self::orbits) where the lattice of the cell has less symmetry than the crystal (a 2×2×1 supercell of a
    /// cube), the same elsewhere.
    pub fn cell_orbits(&self) -> &[usize] {
        self.cell_orbits.as_deref().unwrap_or(&self.dataset.orbits)
    }

    /// Number of orbits of the crystal.
    pub fn num_orbits(&self) -> usize {
        self.num_orbits
    }

    /// Number of sites of the primitive cell.
    pub fn num_primitive_sites(&self) -> usize {
        self.dataset.prim_std_cell.num_atoms()
    }

    /// Wyckoff letter of each site.
    pub fn wyckoffs(&self) -> &[char] {
        &self.dataset.wyckoffs
    }

    /// Symbol of the site symmetry of each site, along the axes of the standard cell.
    pub fn site_symmetries(&self) -> &[String] {
        &self.dataset.site_symmetry_symbols
    }

    /// Number of operations of the given cell: those of the crystal that map the lattice of this cell onto itself.
    pub fn num_operations(&self) -> usize {
        self.dataset.operations.len()
    }

    /// Operations of the given cell.
    pub fn operations(&self) -> impl ExactSizeIterator<Item = Operation> {
        self.dataset.operations.iter().map(operation)
    }

    /// Operations of the [primitive](Self::primitive) cell.
    pub fn primitive_operations(&self) -> Vec<Operation> {
        let setting = Setting::HallNumber(self.dataset.hall_number);
        let operations: Operations =
            operations_from_number(self.dataset.number, setting, true).expect("moyo knows its own Hall numbers");
        operations.iter().map(operation).collect()
    }

    /// The primitive cell in the standard setting, idealised; `structure` is the one this symmetry was found for.
    pub fn primitive(&self, structure: &Structure) -> Option<Structure> {
        self.structure_of(&self.dataset.prim_std_cell, structure)
    }

    /// The conventional cell in the standard setting, idealised; `structure` is the one this symmetry was found for.
    pub fn standard(&self, structure: &Structure) -> Option<Structure> {
        self.structure_of(&self.dataset.std_cell, structure)
    }

    /// The tolerance that was used in the end, in Å: smaller than asked for where that one was too large.
    pub fn symprec(&self) -> f64 {
        self.dataset.symprec
    }

    fn structure_of(&self, cell: &Cell, structure: &Structure) -> Option<Structure> {
        let columns = cell.lattice.basis;
        let lattice = Lattice::new(std::array::from_fn(|i| std::array::from_fn(|j| columns[(j, i)])))?;
        let mut out = Structure::new(lattice);
        for (position, &kind) in cell.positions.iter().zip(&cell.numbers) {
            let first = self.kinds[kind as usize - 1] as usize;
            out.push_site([position.x, position.y, position.z], structure.occupants(first));
        }
        Some(out)
    }
}

fn operation(operation: &moyo::base::Operation) -> Operation {
    let (rotation, translation) = (operation.rotation, operation.translation);
    Operation {
        rotation: std::array::from_fn(|i| std::array::from_fn(|j| rotation[(i, j)])),
        translation: [translation.x, translation.y, translation.z],
    }
}

/// The cell for `moyo`, kinds numbered from 1 in order of appearance; and the first site of each kind.
pub(super) fn cell_of(structure: &Structure) -> (Cell, Vec<u32>) {
    let rows = structure.lattice().rows();
    let lattice = moyo::base::Lattice::new(Matrix3::from_fn(|i, j| rows[i][j]));
    let positions = structure.fracs().iter().map(|&frac| Vector3::from(frac.map(|x| x - x.floor()))).collect();
    let mut kinds: Vec<u32> = Vec::new();
    let mut numbers = Vec::with_capacity(structure.len());
    for site in 0..structure.len() {
        let known =
            kinds.iter().position(|&first| same(structure.occupants(first as usize), structure.occupants(site)));
        let kind = known.unwrap_or_else(|| {
            kinds.push(site as u32);
            kinds.len() - 1
        });
        numbers.push(kind as i32 + 1);
    }
    (Cell::new(lattice, positions, numbers), kinds)
}

/// Orbits under the operations of the given cell, where these are fewer than those of the crystal.
fn orbits_of_cell(cell: &Cell, dataset: &MoyoDataset, order: usize) -> Option<Vec<usize>> {
    let num_primitive = dataset.prim_std_cell.num_atoms();
    if dataset.operations.len() * num_primitive == order * cell.num_atoms() {
        return None;
    }
    // Translations of the crystal are operations of every cell: they make the sites of one primitive site equivalent.
    let mut first_of = vec![usize::MAX; num_primitive];
    for (site, &primitive) in dataset.mapping_std_prim.iter().enumerate() {
        first_of[primitive] = first_of[primitive].min(site);
    }
    let mut leader: Vec<usize> = first_of.clone();
    let mut rotations: Vec<&Matrix3<i32>> = Vec::new();
    for operation in &dataset.operations {
        if rotations.contains(&&operation.rotation) {
            continue;
        }
        rotations.push(&operation.rotation);
        for (primitive, &site) in first_of.iter().enumerate() {
            let moved = operation.rotation.map(f64::from) * cell.positions[site] + operation.translation;
            let other = dataset.mapping_std_prim[nearest(cell, moved, cell.numbers[site])];
            let [from, to] = [leader[primitive], leader[other]];
            for leader in &mut leader {
                if *leader == from || *leader == to {
                    *leader = from.min(to);
                }
            }
        }
    }
    Some(dataset.mapping_std_prim.iter().map(|&primitive| leader[primitive]).collect())
}

/// The site of this kind nearest to a place.
fn nearest(cell: &Cell, place: Vector3<f64>, kind: i32) -> usize {
    let distance = |site: usize| {
        let apart = (cell.positions[site] - place).map(|x| x - x.round());
        (cell.lattice.basis * apart).norm_squared()
    };
    let of_kind = (0..cell.num_atoms()).filter(|&site| cell.numbers[site] == kind);
    of_kind.min_by(|&a, &b| distance(a).total_cmp(&distance(b))).unwrap_or(0)
}

/// Whether the same occupants sit on two sites, in any order.
fn same(a: &[Occupant], b: &[Occupant]) -> bool {
    a.len() == b.len() && a.iter().all(|x| count(a, x) == count(b, x))
}

fn count(occupants: &[Occupant], of: &Occupant) -> usize {
    occupants.iter().filter(|o| *o == of).count()
}

/// Hermann-Mauguin symbol of a point group, its order, and whether it is a Laue group.
#[rustfmt::skip]
fn point_group(class: GeometricCrystalClass) -> (&'static str, usize, bool) {
    use GeometricCrystalClass as C;
    match class {
        C::C1 => ("1", 1, false),
        C::Ci => ("-1", 2, true),
        C::C2 => ("2", 2, false),
        C::C1h => ("m", 2, false),
        C::C2h => ("2/m", 4, true),
        C::D2 => ("222", 4, false),
        C::C2v => ("mm2", 4, false),
        C::D2h => ("mmm", 8, true),
        C::C4 => ("4", 4, false),
        C::S4 => ("-4", 4, false),
        C::C4h => ("4/m", 8, true),
        C::D4 => ("422", 8, false),
        C::C4v => ("4mm", 8, false),
        C::D2d => ("-42m", 8, false),
        C::D4h => ("4/mmm", 16, true),
        C::C3 => ("3", 3, false),
        C::C3i => ("-3", 6, true),
        C::D3 => ("32", 6, false),
        C::C3v => ("3m", 6, false),
        C::D3d => ("-3m", 12, true),
        C::C6 => ("6", 6, false),
        C::C3h => ("-6", 6, false),
        C::C6h => ("6/m", 12, true),
        C::D6 => ("622", 12, false),
        C::C6v => ("6mm", 12, false),
        C::D3h => ("-6m2", 12, false),
        C::D6h => ("6/mmm", 24, true),
        C::T => ("23", 12, false),
        C::Th => ("m-3", 24, true),
        C::O => ("432", 24, false),
        C::Td => ("-43m", 24, false),
        C::Oh => ("m-3m", 48, true),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chem::Element;

    fn element(symbol: &str) -> Element {
        Element::from_symbol(symbol).expect("symbol")
    }

    fn rock_salt(cell: [usize; 3]) -> Structure {
        let rows =
            [[5.64 * cell[0] as f64, 0.0, 0.0], [0.0, 5.64 * cell[1] as f64, 0.0], [0.0, 0.0, 5.64 * cell[2] as f64]];
        let mut structure = Structure::new(Lattice::new(rows).expect("a cell"));
        for x in 0..2 * cell[0] {
            for y in 0..2 * cell[1] {
                for z in 0..2 * cell[2] {
                    let frac = [
                        x as f64 / (2 * cell[0]) as f64,
                        y as f64 / (2 * cell[1]) as f64,
                        z as f64 / (2 * cell[2]) as f64,
                    ];
                    structure.push(frac, element(if (x + y + z) % 2 == 0 { "Na" } else { "Cl" }));
                }
            }
        }
        structure
    }

    fn image(operation: &Operation, x: [f64; 3]) -> [f64; 3] {
        std::array::from_fn(|i| {
            let row = operation.rotation[i];
            let value = (0..3).map(|j| f64::from(row[j]) * x[j]).sum::<f64>() + operation.translation[i];
            value - value.round()
        })
    }

    /// 225: 48 operations of the primitive cell, 4 centring translations in the conventional one.
    #[test]
    fn operations_of_the_primitive_cell_do_not_depend_on_the_cell() {
        for (cell, of_cell) in [([1, 1, 1], 192), ([2, 2, 2], 48 * 32)] {
            let symmetry = Symmetry::find(&rock_salt(cell), 0.01).expect("found");
            assert_eq!((symmetry.number(), symmetry.symbol()), (225, "Fm-3m"));
            assert_eq!((symmetry.num_primitive_operations(), symmetry.num_operations()), (48, of_cell));
            assert_eq!(symmetry.num_orbits(), 2);
            assert_eq!(symmetry.crystal_system(), CrystalSystem::Cubic);
        }
    }

    /// A 2×2×1 cell of a cubic perovskite keeps the fourfold axis along c only.
    #[test]
    fn orbits_of_a_cell_that_breaks_the_symmetry_are_finer() {
        let mut perovskite =
            Structure::new(Lattice::new([[7.81, 0.0, 0.0], [0.0, 7.81, 0.0], [0.0, 0.0, 3.905]]).expect("a cell"));
        for x in [0.0, 0.5] {
            for y in [0.0, 0.5] {
                perovskite.push([x, y, 0.0], element("Sr"));
                perovskite.push([x + 0.25, y + 0.25, 0.5], element("Ti"));
                for frac in [[x + 0.25, y + 0.25, 0.0], [x + 0.25, y, 0.5], [x, y + 0.25, 0.5]] {
                    perovskite.push(frac, element("O"));
                }
            }
        }
        let symmetry = Symmetry::find(&perovskite, 0.01).expect("found");
        // 4/mmm (16 operations) and 4 translations; O on the fourfold axes is apart from the others then.
        assert_eq!((symmetry.num_operations(), symmetry.num_orbits()), (64, 3));
        let repeated = |orbits: [usize; 5]| [orbits; 4].concat();
        assert_eq!(symmetry.orbits(), repeated([0, 1, 2, 2, 2]));
        assert_eq!(symmetry.cell_orbits(), repeated([0, 1, 2, 3, 3]));
        let rock_salt = rock_salt([1, 1, 2]);
        let symmetry = Symmetry::find(&rock_salt, 0.01).expect("found");
        assert_eq!(symmetry.cell_orbits(), symmetry.orbits());
    }

    #[test]
    fn every_operation_maps_the_crystal_onto_itself() {
        let structure = rock_salt([1, 1, 2]);
        let symmetry = Symmetry::find(&structure, 0.01).expect("found");
        let primitive = symmetry.primitive(&structure).expect("a cell");
        assert_eq!(primitive.len(), 2);
        let of_cell: Vec<_> = symmetry.operations().collect();
        for (operations, cell) in [(of_cell, &structure), (symmetry.primitive_operations(), &primitive)] {
            for operation in &operations {
                for site in 0..cell.len() {
                    let moved = image(operation, cell.fracs()[site]);
                    let found = (0..cell.len()).any(|other| {
                        let there = cell.fracs()[other];
                        let distance = |i: usize| (moved[i] - there[i] - (moved[i] - there[i]).round()).abs();
                        cell.occupants(other) == cell.occupants(site) && (0..3).all(|i| distance(i) < 1e-6)
                    });
                    assert!(found, "{operation:?} moves site {site} to nobody");
                }
            }
        }
    }

    /// Site symmetries and letters of 136 in the International Tables: 2a m.mm, 4f m.2m.
    #[test]
    fn rutile_has_the_wyckoff_letters_of_the_tables() {
        let mut rutile = Structure::new(Lattice::from_parameters([4.594, 4.594, 2.959], [90.0; 3]).expect("a cell"));
        let x = 0.305;
        rutile.push([0.0; 3], element("Ti"));
        rutile.push([0.5; 3], element("Ti"));
        for frac in [[x, x, 0.0], [-x, -x, 0.0], [0.5 - x, 0.5 + x, 0.5], [0.5 + x, 0.5 - x, 0.5]] {
            rutile.push(frac, element("O"));
        }
        let symmetry = Symmetry::find(&rutile, 0.01).expect("found");
        assert_eq!(symmetry.number(), 136);
        assert_eq!(symmetry.wyckoffs(), ['a', 'a', 'f', 'f', 'f', 'f']);
        assert_eq!(symmetry.orbits(), [0, 0, 2, 2, 2, 2]);
        assert_eq!(symmetry.site_symmetries()[0], "m.mm");
        assert!(symmetry.is_centrosymmetric());
        assert_eq!(symmetry.standard(&rutile).expect("a cell").composition(), rutile.composition());
    }

    /// bcc Cu0.5Au0.5 is Im-3m; with Cu and Au in order it is CsCl.
    #[test]
    fn disordered_sites_are_of_one_kind_where_the_same_occupants_sit() {
        let share = |symbol| Occupant { element: element(symbol), occupancy: 0.5, oxidation: None };
        let mut alloy = Structure::new(Lattice::cubic(3.0).expect("a cell"));
        alloy.push_site([0.0; 3], &[share("Cu"), share("Au")]);
        alloy.push_site([0.5; 3], &[share("Au"), share("Cu")]);
        let symmetry = Symmetry::find(&alloy, 0.01).expect("found");
        assert_eq!((symmetry.number(), symmetry.primitive(&alloy).expect("a cell").len()), (229, 1));
        let mut ordered = Structure::new(Lattice::cubic(3.0).expect("a cell"));
        ordered.push([0.0; 3], element("Cu"));
        ordered.push([0.5; 3], element("Au"));
        assert_eq!(Symmetry::find(&ordered, 0.01).expect("found").number(), 221);
    }

    /// Rows and columns mixed up would turn this cell into another one.
    #[test]
    fn a_skewed_left_handed_primitive_cell_is_found_to_be_cubic() {
        let half = 5.64 / 2.0;
        let [a, b, c] = [[0.0, half, half], [half, 0.0, half], [half, half, 0.0]];
        let add = |x: [f64; 3], y: [f64; 3], n: f64| -> [f64; 3] { std::array::from_fn(|i| x[i] + n * y[i]) };
        let mut structure = Structure::new(Lattice::new([add(a, b, 3.0), c, add(b, c, -2.0)]).expect("a cell"));
        structure.push([0.0; 3], element("Na"));
        let center = structure.lattice().frac([half, half, half]);
        structure.push(center, element("Cl"));
        assert_eq!(Symmetry::find(&structure, 0.01).expect("found").number(), 225);
    }

    #[test]
    fn what_has_no_symmetry_is_an_error() {
        let empty = Structure::new(Lattice::cubic(3.0).expect("a cell"));
        assert_eq!(Symmetry::find(&empty, 0.01).expect_err("empty"), SymmetryError::Empty);
        let error = Symmetry::find(&rock_salt([1, 1, 1]), f64::NAN).expect_err("no length");
        assert!(matches!(error, SymmetryError::Tolerance { .. }));
    }
}
