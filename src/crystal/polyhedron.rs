//! Convex polyhedra around the origin, made smaller by planes: the Voronoi cell of one site in the making.

use super::vector::{Vector, add, cross, dot, norm, scale, sub};

/// Distance from a plane, in Å, within which a vertex lies on it.
///
/// More than rounding of coordinates up to 1000 Å, less than any difference that a source could mean: facets of smaller
/// extent do not arise, so that crystals of high symmetry, where planes meet in points and lines, have none.
const ON_PLANE: f64 = 1e-10;

/// A facet: who made it, and its corners in order around it.
#[derive(Clone, Debug, Default)]
struct Ring {
    generator: u32,
    corners: Vec<u32>,
}

/// A convex polyhedron that contains the origin. Keeps its memory from cell to cell.
#[derive(Clone, Debug, Default)]
pub(super) struct Polyhedron {
    vertices: Vec<Vector>,
    /// Facets; those beyond `num_facets` are spare memory.
    facets: Vec<Ring>,
    num_facets: usize,
    /// Corners for which every list of them has memory. Lists change places, so that one which is too short for another's
    /// corners would be made longer at a later cell, long after the first.
    most_corners: usize,
    /// Distance² of the farthest vertex.
    radius_squared: f64,
    /// Signed distance of each vertex from the plane.
    heights: Vec<f64>,
    /// Corners of the new facet.
    section: Vec<u32>,
    /// New vertices: ends of the edge, and the vertex.
    crossings: Vec<(u32, u32, u32)>,
    ring: Vec<u32>,
    /// New number of each vertex that stays.
    renumbered: Vec<u32>,
    /// Corners of the new facet with their direction from its middle.
    around: Vec<(f64, u32)>,
}

/// The generator of the sides of the box that a polyhedron begins as.
pub(super) const BOX: u32 = u32::MAX;

impl Polyhedron {
    /// Becomes a cube of ± `half` Å.
    pub fn set_box(&mut self, half: f64) {
        const SIDES: [[u32; 4]; 6] =
            [[0, 2, 6, 4], [1, 5, 7, 3], [0, 4, 5, 1], [2, 3, 7, 6], [0, 1, 3, 2], [4, 6, 7, 5]];
        self.vertices.clear();
        for corner in 0..8 {
            self.vertices.push(std::array::from_fn(|k| if (corner >> k) & 1 == 1 { half } else { -half }));
        }
        self.num_facets = 0;
        for side in SIDES {
            self.push_facet(BOX, &side);
        }
        self.radius_squared = 3.0 * half * half;
    }

    /// Distance of the farthest vertex, in Å.
    pub fn radius(&self) -> f64 {
        self.radius_squared.sqrt()
    }

    /// Number of vertices.
    pub fn num_vertices(&self) -> usize {
        self.vertices.len()
    }

    /// Generators and corners of the facets, in order of their making; box sides first.
    pub fn facets(&self) -> impl Iterator<Item = (u32, impl Iterator<Item = Vector> + Clone + '_)> + '_ {
        self.facets[..self.num_facets]
            .iter()
            .map(|ring| (ring.generator, ring.corners.iter().map(|&corner| self.vertices[corner as usize])))
    }

    /// Takes away what is nearer to `point` than to the origin; whether there was something.
    pub fn cut(&mut self, point: Vector, generator: u32) -> bool {
        let length = norm(point);
        let normal = scale(1.0 / length, point);
        let mut highest = f64::NEG_INFINITY;
        self.heights.clear();
        for vertex in &self.vertices {
            let height = dot(*vertex, normal) - 0.5 * length;
            highest = if height > highest { height } else { highest };
            self.heights.push(height);
        }
        if highest <= ON_PLANE {
            return false;
        }
        self.section.clear();
        self.crossings.clear();
        let mut kept = 0;
        for place in 0..self.num_facets {
            let outside = |&corner: &u32| self.heights[corner as usize] > ON_PLANE;
            if self.facets[place].corners.iter().any(outside) {
                self.cut_facet(place);
            }
            if self.facets[place].corners.len() >= 3 {
                self.facets.swap(kept, place);
                kept += 1;
            }
        }
        self.num_facets = kept;
        if self.section.len() >= 3 {
            self.close(normal, generator);
        }
        self.drop_outside();
        true
    }

    /// Keeps the part of a facet below the plane, and notes its corners in the plane.
    fn cut_facet(&mut self, place: usize) {
        // A plane takes at least one corner away and adds two.
        self.have_room(self.facets[place].corners.len() + 1);
        self.ring.clear();
        let corners = std::mem::take(&mut self.facets[place].corners);
        for (k, &corner) in corners.iter().enumerate() {
            let before = corners[if k == 0 { corners.len() - 1 } else { k - 1 }];
            let after = corners[if k + 1 == corners.len() { 0 } else { k + 1 }];
            let [low, height, high] = [before, corner, after].map(|corner| self.heights[corner as usize]);
            if height <= ON_PLANE {
                self.ring.push(corner);
                let next_to_outside = low > ON_PLANE || high > ON_PLANE;
                if height >= -ON_PLANE && next_to_outside && !self.section.contains(&corner) {
                    self.section.push(corner);
                }
            }
            if (height > ON_PLANE && high < -ON_PLANE) || (height < -ON_PLANE && high > ON_PLANE) {
                let crossing = self.crossing(corner, after);
                self.ring.push(crossing);
            }
        }
        self.facets[place].corners = corners;
        std::mem::swap(&mut self.facets[place].corners, &mut self.ring);
    }

    /// The vertex where an edge meets the plane; the two facets of the edge share it.
    fn crossing(&mut self, from: u32, to: u32) -> u32 {
        let ends = if from < to { (from, to) } else { (to, from) };
        if let Some(found) = self.crossings.iter().find(|crossing| (crossing.0, crossing.1) == ends) {
            return found.2;
        }
        let [a, b] = [ends.0, ends.1].map(|end| (self.vertices[end as usize], self.heights[end as usize]));
        let share = a.1 / (a.1 - b.1);
        let vertex = self.vertices.len() as u32;
        self.vertices.push(add(a.0, scale(share, sub(b.0, a.0))));
        self.heights.push(0.0);
        self.crossings.push((ends.0, ends.1, vertex));
        self.section.push(vertex);
        vertex
    }

    /// Adds the facet in the plane: the corners found there, in order around their middle.
    fn close(&mut self, normal: Vector, generator: u32) {
        let corner = |place: u32| self.vertices[place as usize];
        let sum = self.section.iter().fold([0.0; 3], |sum, &place| add(sum, corner(place)));
        let middle = scale(1.0 / self.section.len() as f64, sum);
        let x = sub(corner(self.section[0]), middle);
        let y = cross(normal, x);
        self.around.clear();
        self.around.extend(self.section.iter().map(|&place| {
            let apart = sub(corner(place), middle);
            let (u, v) = (dot(apart, x), dot(apart, y));
            // Grows with the angle from 0 to 4; 0 where all corners coincide.
            let share = if u == 0.0 && v == 0.0 { 1.0 } else { u / (u.abs() + v.abs()) };
            (if v < 0.0 { 3.0 + share } else { 1.0 - share }, place)
        }));
        self.around.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        self.section.clear();
        self.section.extend(self.around.iter().map(|&(_, place)| place));
        let section = std::mem::take(&mut self.section);
        self.push_facet(generator, &section);
        self.section = section;
    }

    fn push_facet(&mut self, generator: u32, corners: &[u32]) {
        self.have_room(corners.len());
        if self.facets.len() == self.num_facets {
            self.facets.push(Ring { generator, corners: Vec::with_capacity(self.most_corners) });
        }
        let ring = &mut self.facets[self.num_facets];
        ring.generator = generator;
        ring.corners.clear();
        ring.corners.extend_from_slice(corners);
        self.num_facets += 1;
    }

    /// Gives every list of corners memory for so many.
    fn have_room(&mut self, corners: usize) {
        /// More corners than most facets of crystals have.
        const USUAL: usize = 16;
        if corners <= self.most_corners {
            return;
        }
        self.most_corners = corners.next_power_of_two().max(USUAL);
        let lists = self.facets.iter_mut().map(|facet| &mut facet.corners);
        for list in lists.chain([&mut self.ring]) {
            list.reserve_exact(self.most_corners - list.len());
        }
    }

    /// Forgets the vertices beyond the plane.
    fn drop_outside(&mut self) {
        self.renumbered.clear();
        let mut kept = 0;
        self.radius_squared = 0.0;
        for place in 0..self.vertices.len() {
            self.renumbered.push(kept as u32);
            if self.heights[place] <= ON_PLANE {
                let vertex = self.vertices[place];
                self.radius_squared = self.radius_squared.max(dot(vertex, vertex));
                self.vertices[kept] = vertex;
                kept += 1;
            }
        }
        self.vertices.truncate(kept);
        for ring in &mut self.facets[..self.num_facets] {
            for corner in &mut ring.corners {
                *corner = self.renumbered[*corner as usize];
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sizes(polyhedron: &Polyhedron) -> Vec<usize> {
        let mut sizes: Vec<_> = polyhedron.facets().map(|(_, corners)| corners.count()).collect();
        sizes.sort_unstable();
        sizes
    }

    #[test]
    fn a_corner_cut_off_a_cube_leaves_a_triangle_and_three_pentagons() {
        let mut polyhedron = Polyhedron::default();
        polyhedron.set_box(1.0);
        polyhedron.cut([1.5, 1.5, 1.5], 7);
        assert_eq!(sizes(&polyhedron), [3, 4, 4, 4, 5, 5, 5]);
        assert_eq!((polyhedron.num_vertices(), polyhedron.facets().last().map(|f| f.0)), (10, Some(7)));
    }

    #[test]
    fn planes_through_vertices_and_edges_make_no_facet() {
        let mut polyhedron = Polyhedron::default();
        polyhedron.set_box(1.0);
        polyhedron.cut([2.0, 2.0, 0.0], 0);
        polyhedron.cut([2.0, 2.0, 2.0], 1);
        polyhedron.cut([0.0, 2.0, 0.0], 2);
        assert_eq!(sizes(&polyhedron), [4; 6]);
        assert!(polyhedron.facets().all(|(generator, _)| generator == BOX));
    }

    #[test]
    fn a_plane_through_vertices_of_the_cube_cuts_its_corner_to_a_triangle_of_diagonals() {
        // x + y + z ≤ 1 goes through (1, 1, −1), (1, −1, 1) and (−1, 1, 1) and takes (1, 1, 1) away.
        let mut polyhedron = Polyhedron::default();
        polyhedron.set_box(1.0);
        polyhedron.cut([2.0 / 3.0; 3], 0);
        assert_eq!(sizes(&polyhedron), [3, 3, 3, 3, 4, 4, 4]);
        assert_eq!(polyhedron.num_vertices(), 7);
    }
}
