//! All images of sites within a radius by linked cells: for large cells, in time proportional to the number of sites.

use super::neighbors::{Found, Positions};
use super::vector::{add, norm, scale, sub};
use super::{GeometryError, Neighbor};

/// Bins of sites, in fractional coordinates of the reduced basis; kept from search to search.
#[derive(Clone, Debug, Default)]
pub(super) struct Bins {
    /// Number of bins along each vector.
    counts: [i64; 3],
    /// How many bins away a neighbour can be.
    reach: [i64; 3],
    /// Where the sites of each bin start in `sites`.
    starts: Vec<u32>,
    sites: Vec<u32>,
    /// Bin of each site.
    places: Vec<[i64; 3]>,
}

impl Bins {
    fn fill(&mut self, positions: &Positions, radius: f64) {
        let heights = positions.heights();
        self.counts = heights.map(|height| (2.0 * height / radius).clamp(1.0, 1e6) as i64);
        while self.counts.iter().product::<i64>() > 4 * positions.fracs.len() as i64 + 64 {
            let most = self.counts.iter().max().copied().unwrap_or(1);
            self.counts = self.counts.map(|count| if count == most { count / 2 } else { count });
        }
        self.reach = std::array::from_fn(|k| (radius * self.counts[k] as f64 / heights[k] + 1e-6).ceil() as i64);
        self.places.clear();
        let counts = self.counts;
        self.places.extend(positions.fracs.iter().map(|frac| -> [i64; 3] {
            std::array::from_fn(|k| ((frac[k] * counts[k] as f64) as i64).clamp(0, counts[k] - 1))
        }));
        self.starts.clear();
        self.starts.resize((counts[0] * counts[1] * counts[2]) as usize + 1, 0);
        for place in &self.places {
            self.starts[index(counts, *place) + 1] += 1;
        }
        for bin in 1..self.starts.len() {
            self.starts[bin] += self.starts[bin - 1];
        }
        self.sites.clear();
        self.sites.resize(positions.fracs.len(), 0);
        // Last site first, and each bin from its end: sites ascend within a bin. The starts are right again afterwards.
        for (site, place) in self.places.iter().enumerate().rev() {
            let bin = index(counts, *place) + 1;
            self.starts[bin] -= 1;
            self.sites[self.starts[bin] as usize] = site as u32;
        }
        self.starts.remove(0);
        self.starts.push(positions.fracs.len() as u32);
    }

    fn of(&self, place: [i64; 3]) -> &[u32] {
        let bin = index(self.counts, place);
        &self.sites[self.starts[bin] as usize..self.starts[bin + 1] as usize]
    }
}

fn index(counts: [i64; 3], place: [i64; 3]) -> usize {
    ((place[0] * counts[1] + place[1]) * counts[2] + place[2]) as usize
}

/// Finds the neighbours of each site in turn and hands them on, in no particular order.
///
/// # Errors
/// Atoms that overlap, and what `site_done` returns.
pub(super) fn search(
    positions: &Positions,
    bins: &mut Bins,
    radius: f64,
    found: &mut Found,
    mut site_done: impl FnMut(&mut Found) -> Result<(), GeometryError>,
) -> Result<(), GeometryError> {
    bins.fill(positions, radius);
    let [a, b, c] = positions.reduction.rows;
    for site in 0..positions.carts.len() {
        let place = bins.places[site];
        for i in -bins.reach[0]..=bins.reach[0] {
            for j in -bins.reach[1]..=bins.reach[1] {
                for k in -bins.reach[2]..=bins.reach[2] {
                    let target = [place[0] + i, place[1] + j, place[2] + k];
                    let cell: [i64; 3] = std::array::from_fn(|axis| target[axis].div_euclid(bins.counts[axis]));
                    let bin = std::array::from_fn(|axis| target[axis].rem_euclid(bins.counts[axis]));
                    let [n, m, l] = cell.map(|n| n as f64);
                    let shift = add(add(scale(n, a), scale(m, b)), scale(l, c));
                    for &other in bins.of(bin) {
                        let apart = sub(positions.carts[other as usize], positions.carts[site]);
                        let vector = add(apart, shift);
                        let distance = norm(vector);
                        if distance <= radius && !(site == other as usize && cell == [0; 3]) {
                            let image = positions.image(cell, positions.home(site, other as usize));
                            let image = image.map(|n| n as i32);
                            found.push(site, Neighbor { site: other, image, distance, vector })?;
                        }
                    }
                }
            }
        }
        site_done(found)?;
    }
    Ok(())
}
