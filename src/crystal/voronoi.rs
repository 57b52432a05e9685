//! Periodic Voronoi tessellation: the region of each site that lies nearer to it than to any other.

use super::neighbors::{MAX_PAIRS, NeighborSearch, Neighbors};
use super::polyhedron::{BOX, Polyhedron};
use super::vector::{Vector, add, cross, dot, norm, scale, sub};
use super::{GeometryError, Neighbor};

/// Share of the volume by which cells may fail to fill the lattice's cell; rounding accounts for 1e-12.
const VOLUME_TOLERANCE: f64 = 1e-6;

/// Most vertices of one cell; crystals have some dozens.
const MAX_VERTICES: usize = 4096;

/// Most neighbours looked at beyond the list, over all sites.
const MAX_SHELLS: usize = 16 * MAX_PAIRS;

/// What one site shares with one neighbour.
#[derive(Copy, Clone, Debug, PartialEq)]
pub struct Facet {
    /// The neighbour.
    pub site: u32,
    /// In which cell, counted in lattice vectors, as in [`Neighbor::image`](super::Neighbor::image).
    pub image: [i32; 3],
    /// From the centre to the neighbour, Cartesian, in Å; the facet is perpendicular to it, halfway.
    pub vector: [f64; 3],
    /// Distance of the neighbour, in Å.
    pub distance: f64,
    /// Area, in Å².
    pub area: f64,
    /// Solid angle that the facet takes up, seen from the centre, in sr.
    pub solid_angle: f64,
    /// Where its vertices end in [`Voronoi::vertices`].
    end: u32,
    /// Number of vertices.
    pub num_vertices: u32,
}

impl Facet {
    /// Distance from the centre to the facet's plane, in Å: half of that to the neighbour.
    pub fn plane_distance(&self) -> f64 {
        0.5 * self.distance
    }

    /// Volume of the pyramid over the facet with its tip in the centre, in Å³.
    pub fn volume(&self) -> f64 {
        self.area * self.plane_distance() / 3.0
    }
}

/// The Voronoi cells of all sites of a structure.
///
/// Exact whatever the size of the cells: vacuum in a slab or a pore belongs to the atoms at its border, where pymatgen's
/// `VoronoiNN` knows only neighbours up to its cut-off. Facets smaller than 1e-10 Å, which arise where planes of a
/// symmetric crystal meet in a point or line, do not exist; all larger ones do, and it is up to users to pass over those
/// that are too small to mean something.
#[derive(Clone, Debug, Default)]
pub struct Voronoi {
    facets: Vec<Facet>,
    /// Where the facets of each site end.
    ends: Vec<u32>,
    vertices: Vec<Vector>,
}

impl Voronoi {
    /// The facets of a site, nearest neighbour first.
    pub fn of(&self, site: usize) -> &[Facet] {
        let start = if site == 0 { 0 } else { self.ends[site - 1] };
        &self.facets[start as usize..self.ends[site] as usize]
    }

    /// Volume of the cell of a site, in Å³.
    pub fn volume(&self, site: usize) -> f64 {
        self.of(site).iter().fold(0.0, |sum, facet| sum + facet.volume())
    }

    /// The vertices of a facet in order around it, as vectors from the centre, in Å.
    pub fn vertices(&self, facet: &Facet) -> &[[f64; 3]] {
        &self.vertices[(facet.end - facet.num_vertices) as usize..facet.end as usize]
    }

    /// Number of sites.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there are no sites.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    pub(super) fn clear(&mut self) {
        self.facets.clear();
        self.ends.clear();
        self.vertices.clear();
    }

    /// The facets added from now on belong to the next site.
    pub(super) fn finish_site(&mut self) {
        self.ends.push(self.facets.len() as u32);
    }

    /// Adds a facet with the corners given.
    pub(super) fn push(&mut self, neighbor: &Neighbor, corners: impl Iterator<Item = Vector>) {
        let start = self.vertices.len();
        self.vertices.extend(corners);
        let corners = &self.vertices[start..];
        let (mut area, mut solid_angle) = ([0.0; 3], 0.0);
        for pair in corners[1..].windows(2) {
            area = add(area, cross(sub(pair[0], corners[0]), sub(pair[1], corners[0])));
            solid_angle += triangle_solid_angle(corners[0], pair[0], pair[1]);
        }
        self.facets.push(Facet {
            site: neighbor.site,
            image: neighbor.image,
            vector: neighbor.vector,
            distance: neighbor.distance,
            area: 0.5 * norm(area),
            solid_angle,
            end: self.vertices.len() as u32,
            num_vertices: corners.len() as u32,
        });
    }
}

/// Solid angle of a triangle seen from the origin, in sr.
///
/// Van Oosterom and Strackee (1983), doi 10.1109/TBME.1983.325207, equation 8.
fn triangle_solid_angle(a: Vector, b: Vector, c: Vector) -> f64 {
    let [x, y, z] = [norm(a), norm(b), norm(c)];
    let numerator = dot(a, cross(b, c)).abs();
    let denominator = x * y * z + dot(a, b) * z + dot(a, c) * y + dot(b, c) * x;
    2.0 * libm::atan2(numerator, denominator)
}

/// Radius within which a list of neighbours finishes the cells of most crystals, in Å, for a volume per site in Å³.
///
/// In units of the radius of a sphere of that volume, the farthest vertex lies at 1.28 in face-centred cubic crystals, at
/// 1.6 in diamond; vertices of molecular and porous crystals, which lie farther away, ask for more neighbours on their own.
pub(super) fn first_radius(volume_per_site: f64) -> f64 {
    4.0 * libm::cbrt(volume_per_site * 3.0 / (4.0 * std::f64::consts::PI))
}

/// Computes Voronoi cells; keeps its working memory.
#[derive(Clone, Debug, Default)]
pub(super) struct Tessellation {
    polyhedron: Polyhedron,
    /// Neighbours of the cell in the making, from the list and beyond.
    generators: Vec<Neighbor>,
}

impl Tessellation {
    /// Distance of the farthest point from the nearest lattice point, in Å: no cell of a site reaches farther.
    pub fn lattice_radius(&mut self, rows: &[Vector; 3]) -> f64 {
        let [a, b, c] = *rows;
        self.polyhedron.set_box(norm(a) + norm(b) + norm(c));
        for i in [-1.0, 0.0, 1.0] {
            for j in [-1.0, 0.0, 1.0] {
                for k in [-1.0, 0.0, 1.0] {
                    if [i, j, k] != [0.0; 3] {
                        self.polyhedron.cut(add(add(scale(i, a), scale(j, b)), scale(k, c)), 0);
                    }
                }
            }
        }
        self.polyhedron.radius() * (1.0 + 1e-9)
    }

    /// Computes the cells of all sites; `search` has last run for this structure and made `list`.
    ///
    /// # Errors
    /// Too many neighbours or vertices; cells that do not fill the volume of the lattice's cell.
    pub fn run(
        &mut self,
        volume: f64,
        list: &Neighbors,
        search: &mut NeighborSearch,
        out: &mut Voronoi,
    ) -> Result<(), GeometryError> {
        out.clear();
        let farthest = self.lattice_radius(search.reduced_rows());
        let mut total = 0.0;
        let mut beyond = 0;
        for site in 0..list.len() {
            self.cell(site, farthest, list, search, &mut beyond)?;
            for (generator, corners) in self.polyhedron.facets() {
                if generator != BOX {
                    out.push(&self.generators[generator as usize], corners);
                }
            }
            out.finish_site();
            total += out.volume(site);
        }
        if !list.is_empty() && (total - volume).abs() > VOLUME_TOLERANCE * volume {
            return Err(GeometryError::UnevenTessellation { cells: total, volume });
        }
        Ok(())
    }

    /// Makes the cell of one site: cut by neighbours, nearest first, until they lie twice as far as the farthest vertex.
    fn cell(
        &mut self,
        site: usize,
        farthest: f64,
        list: &Neighbors,
        search: &mut NeighborSearch,
        beyond: &mut usize,
    ) -> Result<(), GeometryError> {
        self.polyhedron.set_box(farthest);
        self.generators.clear();
        if self.cut_all(list.of(site)) {
            return Ok(());
        }
        // Corners left of the box lie farther away than the lattice lets the finished cell reach.
        let needed = 2.0 * self.polyhedron.radius().min(farthest) * (1.0 + 1e-9);
        if needed > list.radius() {
            let shell = search.shell(site, list.radius(), needed)?;
            *beyond += shell.len();
            if *beyond > MAX_SHELLS {
                return Err(GeometryError::TooManyAtoms { sites: list.len(), radius: needed, limit: MAX_SHELLS });
            }
            self.cut_all(shell);
        }
        if self.polyhedron.num_vertices() > MAX_VERTICES {
            return Err(GeometryError::TooManyVertices { site, limit: MAX_VERTICES });
        }
        Ok(())
    }

    /// Whether the cell is finished before the neighbours are.
    fn cut_all(&mut self, neighbors: &[Neighbor]) -> bool {
        for neighbor in neighbors {
            let finished = neighbor.distance > 2.0 * self.polyhedron.radius() * (1.0 + 1e-9);
            if finished || self.polyhedron.num_vertices() > MAX_VERTICES {
                return finished;
            }
            let generator = self.generators.len() as u32;
            if self.polyhedron.cut(neighbor.vector, generator) {
                self.generators.push(*neighbor);
            }
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::chem::Element;
    use crate::crystal::{Geometry, Lattice, Structure};

    fn structure(rows: [Vector; 3], fracs: &[Vector]) -> Option<Structure> {
        let mut structure = Structure::new(Lattice::new(rows)?);
        for frac in fracs {
            structure.push(*frac, Element::from_symbol("C").expect("symbol"));
        }
        Some(structure)
    }

    fn tessellate(structure: &Structure) -> Result<Voronoi, GeometryError> {
        let mut geometry = Geometry::default();
        geometry.begin(structure);
        geometry.voronoi(structure).cloned()
    }

    /// Number of vertices and area of each facet of the first site, rounded, sorted.
    fn facets(voronoi: &Voronoi) -> Vec<(u32, i64)> {
        let mut facets: Vec<_> =
            voronoi.of(0).iter().map(|f| (f.num_vertices, (f.area * 1e6).round() as i64)).collect();
        facets.sort_unstable();
        facets
    }

    fn primitive(rows: [Vector; 3]) -> Voronoi {
        tessellate(&structure(rows, &[[0.37, 0.1, -0.8]]).expect("a cell")).expect("no overlap")
    }

    #[test]
    fn the_cell_of_a_simple_cubic_lattice_is_a_cube() {
        let voronoi = primitive([[2.0, 0.0, 0.0], [0.0, 2.0, 0.0], [0.0, 0.0, 2.0]]);
        assert_eq!(facets(&voronoi), vec![(4, 4_000_000); 6]);
        assert!((voronoi.volume(0) - 8.0).abs() < 1e-12);
    }

    #[test]
    fn the_cell_of_a_face_centred_lattice_is_a_rhombic_dodecahedron() {
        // 12 pyramids of height √2/2 fill 2 Å³: the area of each base is 2 · 3 / (12 · √2/2) = 0.707107.
        let voronoi = primitive([[0.0, 1.0, 1.0], [1.0, 0.0, 1.0], [1.0, 1.0, 0.0]]);
        assert_eq!(facets(&voronoi), vec![(4, 707_107); 12]);
        assert!(voronoi.of(0).iter().all(|f| (f.solid_angle - std::f64::consts::PI / 3.0).abs() < 1e-12));
    }

    #[test]
    fn the_cell_of_a_body_centred_lattice_is_a_truncated_octahedron() {
        // Edge √2/4 · a for a = 2: squares 1/2, hexagons 3√3/2 · 1/2.
        let voronoi = primitive([[-1.0, 1.0, 1.0], [1.0, -1.0, 1.0], [1.0, 1.0, -1.0]]);
        let mut expected = vec![(4, 500_000); 6];
        expected.extend([(6, 1_299_038); 8]);
        assert_eq!(facets(&voronoi), expected);
    }

    #[test]
    fn a_skewed_cell_of_the_same_lattice_has_the_same_facets() {
        let voronoi = primitive([[0.0, 1.0, 1.0], [1.0, 40.0, 41.0], [-29.0, 1.0, -30.0]]);
        assert_eq!(facets(&voronoi), vec![(4, 707_107); 12]);
    }

    #[test]
    fn the_vacuum_of_a_slab_belongs_to_the_atoms_at_its_border() {
        // A square net of a = 3 in a cell of 40: a pile of boxes, the planes above and below 20 away.
        let rows = [[3.0, 0.0, 0.0], [0.0, 3.0, 0.0], [0.0, 0.0, 40.0]];
        assert_eq!(
            facets(&primitive(rows)),
            [(4, 9_000_000); 2].into_iter().chain([(4, 120_000_000); 4]).collect::<Vec<_>>()
        );
        let two = structure(rows, &[[0.0, 0.0, 0.1], [0.0, 0.0, 0.2]]).expect("a cell");
        let voronoi = tessellate(&two).expect("no overlap");
        assert!((voronoi.volume(0) - 180.0).abs() < 1e-9 && (voronoi.volume(1) - 180.0).abs() < 1e-9);
    }

    #[test]
    fn a_cell_reaches_beyond_any_list_it_begins_with() {
        let mut geometry = Geometry::default();
        let structure =
            structure([[30.0, 0.0, 0.0], [0.0, 30.0, 0.0], [0.0, 0.0, 30.0]], &[[0.0; 3], [0.05, 0.0, 0.0]]);
        let structure = structure.expect("a cell");
        geometry.begin(&structure);
        geometry.neighbors(&structure, 2.0).expect("no overlap");
        let voronoi = geometry.voronoi(&structure).expect("no overlap");
        assert!((voronoi.volume(0) - 13_500.0).abs() < 1e-6);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]

        #[test]
        fn cells_fill_space_see_all_around_and_share_their_facets(
            rows in prop::array::uniform3(prop::array::uniform3(-8.0..8.0_f64)),
            fracs in prop::collection::vec(prop::array::uniform3(-1.5..1.5_f64), 1..9),
        ) {
            let Some(structure) = structure(rows, &fracs) else { return Ok(()) };
            prop_assume!(structure.lattice().volume() > 5.0);
            let voronoi = match tessellate(&structure) {
                Err(GeometryError::OverlappingAtoms { .. }) => return Ok(()),
                result => result.expect("cells add up"),
            };
            for site in 0..structure.len() {
                let around: f64 = voronoi.of(site).iter().map(|facet| facet.solid_angle).sum();
                prop_assert!((around - 4.0 * std::f64::consts::PI).abs() < 1e-9);
                for facet in voronoi.of(site) {
                    let back = voronoi.of(facet.site as usize).iter().find(|back| {
                        back.site as usize == site && back.image == facet.image.map(|n| -n)
                    });
                    prop_assert!((facet.area - back.map_or(0.0, |back| back.area)).abs() < 1e-7);
                    // No other site is nearer to the facet's corners than the two that share it.
                    for corner in voronoi.vertices(facet) {
                        let own = norm(*corner);
                        prop_assert!((norm(sub(*corner, facet.vector)) - own).abs() < 1e-8);
                    }
                }
            }
        }

        #[test]
        fn random_points_lie_in_the_cell_of_the_nearest_site(
            rows in prop::array::uniform3(prop::array::uniform3(-8.0..8.0_f64)),
            fracs in prop::collection::vec(prop::array::uniform3(0.0..1.0_f64), 2..9),
            point in prop::array::uniform3(-3.0..3.0_f64),
        ) {
            let Some(structure) = structure(rows, &fracs) else { return Ok(()) };
            prop_assume!(structure.lattice().volume() > 5.0);
            let Ok(voronoi) = tessellate(&structure) else { return Ok(()) };
            let mut geometry = Geometry::default();
            geometry.begin(&structure);
            let list = geometry.neighbors(&structure, 20.0).expect("no overlap");
            let inside = voronoi.of(0).iter().all(|f| dot(point, f.vector) <= 0.5 * f.distance * f.distance + 1e-9);
            let nearest = list.of(0).iter().all(|n| norm(sub(point, n.vector)) >= norm(point) - 1e-9);
            prop_assert_eq!(inside, nearest);
        }
    }
}
