//! Voronoi cells made of the atoms within a radius, as other programs make them.

use super::polyhedron::{BOX, Polyhedron};
use super::{Facet, Geometry, GeometryError, Neighbor, Structure, Voronoi};

/// Halves of the boxes that a cell begins as, in Å: the next one where the cell reaches it, open where it reaches the last.
///
/// Corners are as exact as the box is small.
const HALF_BOXES: [f64; 2] = [50.0, 1e5];

/// Added to the longest diagonal of the cell, beyond which no larger radius is tried, in Å (pymatgen's constants).
const ROOM: f64 = 0.01 + 0.001;

/// Cells that know only atoms within a radius of their site; keeps its memory.
///
/// They differ from the exact ones at atoms that border on pores, gaps and vacuum wider than the radius.
#[derive(Clone, Debug, Default)]
pub(super) struct BoundedCells {
    polyhedron: Polyhedron,
    cell: Voronoi,
    generators: Vec<Neighbor>,
}

impl BoundedCells {
    /// The facets of the cell that the atoms within `radius` Å of a site make.
    ///
    /// Where they leave it open, the radius is doubled, up to the longest diagonal of the unit cell; beyond that, the
    /// facets are those of the exact cell.
    pub fn facets<'a>(
        &'a mut self,
        structure: &Structure,
        site: usize,
        radius: f64,
        geometry: &'a mut Geometry,
    ) -> Result<&'a [Facet], GeometryError> {
        let farthest = farthest(geometry.voronoi(structure)?.of(site));
        let limit = longest_diagonal(structure) + ROOM;
        let mut radius = radius;
        while farthest > radius {
            let neighbors = geometry.neighbors(structure, radius)?.within(site, radius);
            if self.cut(neighbors) {
                return Ok(self.cell.of(0));
            }
            if radius >= limit {
                break;
            }
            radius = (2.0 * radius).min(limit);
        }
        Ok(geometry.voronoi(structure)?.of(site))
    }

    /// Whether these neighbours close the cell.
    fn cut(&mut self, neighbors: &[Neighbor]) -> bool {
        HALF_BOXES.into_iter().any(|half| self.cut_box(half, neighbors))
    }

    fn cut_box(&mut self, half: f64, neighbors: &[Neighbor]) -> bool {
        self.polyhedron.set_box(half);
        self.generators.clear();
        for neighbor in neighbors {
            if self.polyhedron.cut(neighbor.vector, self.generators.len() as u32) {
                self.generators.push(*neighbor);
            }
        }
        if self.polyhedron.facets().any(|(generator, _)| generator == BOX) {
            return false;
        }
        self.cell.clear();
        for (generator, corners) in self.polyhedron.facets() {
            self.cell.push(&self.generators[generator as usize], corners);
        }
        self.cell.finish_site();
        true
    }
}

/// Distance of the farthest neighbour that shares a facet, in Å.
fn farthest(facets: &[Facet]) -> f64 {
    facets.iter().fold(0.0, |farthest, facet| facet.distance.max(farthest))
}

fn longest_diagonal(structure: &Structure) -> f64 {
    let corners = [[1.0, 1.0, 1.0], [-1.0, 1.0, 1.0], [1.0, -1.0, 1.0], [1.0, 1.0, -1.0]];
    let lengths = corners.map(|corner| super::vector::norm(structure.lattice().cart(corner)));
    lengths.into_iter().fold(0.0, f64::max)
}
