//! All images of sites within a radius by linked cells: for larger cells, in time proportional to the number of sites.

use super::Neighbor;
use super::images::{SLACK, moved};
use super::neighbors::Positions;
use super::vector::{Vector, add, dot, norm, scale, sub};

/// Bins of sites, in fractional coordinates of the reduced basis; kept from search to search.
#[derive(Clone, Debug, Default)]
pub(super) struct Bins {
    /// Number of bins along each vector.
    counts: [i32; 3],
    /// Thickness of a bin along each vector, in Å.
    thickness: Vector,
    /// Where each bin starts in `sites` and `carts`.
    starts: Vec<u32>,
    /// Sites, bin by bin.
    sites: Vec<u32>,
    /// Their Cartesian coordinates, in Å.
    carts: Vec<Vector>,
    /// Bin of each site.
    places: Vec<[i32; 3]>,
    /// Which sites of a run passed the first look.
    passed: Vec<u32>,
}

impl Bins {
    /// Sorts the sites of a structure into bins that suit searches within `radius` Å.
    pub fn set(&mut self, positions: &Positions, radius: f64) {
        let heights = positions.heights();
        let sites = positions.carts.len();
        self.counts = heights.map(|height| (2.0 * height / radius).clamp(1.0, 1e6) as i32);
        while self.counts.iter().map(|&count| count as usize).product::<usize>() > 4 * sites + 64 {
            let most = self.counts.iter().max().copied().unwrap_or(1);
            self.counts = self.counts.map(|count| if count == most { count / 2 } else { count });
        }
        let counts = self.counts;
        self.thickness = std::array::from_fn(|k| heights[k] / f64::from(counts[k]));
        self.places.clear();
        self.places.extend(positions.fracs.iter().map(|frac| -> [i32; 3] {
            std::array::from_fn(|k| ((frac[k] * f64::from(counts[k])) as i32).clamp(0, counts[k] - 1))
        }));
        self.starts.clear();
        self.starts.resize(counts.iter().map(|&count| count as usize).product::<usize>() + 1, 0);
        for place in &self.places {
            self.starts[index(counts, *place) + 1] += 1;
        }
        for bin in 1..self.starts.len() {
            self.starts[bin] += self.starts[bin - 1];
        }
        self.sites.clear();
        self.sites.resize(sites, 0);
        // Each bin is filled from its end, which is where the next one starts; afterwards starts are one place too far on.
        for (site, place) in self.places.iter().enumerate().rev() {
            let start = &mut self.starts[index(counts, *place) + 1];
            *start -= 1;
            self.sites[*start as usize] = site as u32;
        }
        self.starts.remove(0);
        self.starts.push(sites as u32);
        self.carts.clear();
        self.carts.extend(self.sites.iter().map(|&site| positions.carts[site as usize]));
        self.passed.clear();
        self.passed.resize(sites, 0);
    }

    /// Appends the neighbours of a site, in no particular order.
    pub fn around(&mut self, positions: &Positions, site: usize, radius: f64, found: &mut Vec<Neighbor>) {
        let (place, counts) = (self.places[site], self.counts);
        let reach: [i32; 3] = std::array::from_fn(|k| (radius / self.thickness[k] + 1e-6).ceil() as i32);
        let wrapped = |axis: usize, offset: i32| {
            let target = place[axis] + offset;
            // Most bins lie in the cell itself: 150 divisions would take half of the search within 5 Å.
            if (0..counts[axis]).contains(&target) {
                return (0, target);
            }
            (target.div_euclid(counts[axis]), target.rem_euclid(counts[axis]))
        };
        for i in -reach[0]..=reach[0] {
            let (n, i) = wrapped(0, i);
            for j in -reach[1]..=reach[1] {
                let (m, j) = wrapped(1, j);
                // Bins along the last vector lie side by side, so that they are looked through in one go up to the border.
                let mut k = -reach[2];
                while k <= reach[2] {
                    let (l, first) = wrapped(2, k);
                    let last = (first + reach[2] - k).min(counts[2] - 1);
                    let run = [index(counts, [i, j, first]), index(counts, [i, j, last]) + 1];
                    let run = run.map(|bin| self.starts[bin] as usize);
                    self.look_through(positions, run, (site, [n, m, l]), radius, found);
                    k += last - first + 1;
                }
            }
        }
    }

    /// Takes those sites of a run of bins, in one image of the reduced cell, that lie within the radius around a site.
    fn look_through(
        &mut self,
        positions: &Positions,
        [start, end]: [usize; 2],
        (site, cell): (usize, [i32; 3]),
        radius: f64,
        found: &mut Vec<Neighbor>,
    ) {
        let (carts, sites) = (&self.carts[start..end], &self.sites[start..end]);
        let [a, b, c] = positions.reduction.rows;
        let [n, m, l] = cell.map(f64::from);
        let centre = positions.carts[site];
        let shift = add(scale(n, a), scale(m, b));
        // Most sites lie outside, in no pattern that a processor could guess: the first look has no branches, and the
        // second one computes the vector as `images` does, to the bit.
        let origin = sub(centre, add(shift, scale(l, c)));
        let reach = radius * (1.0 + SLACK) + SLACK;
        let square = reach * reach;
        let mut count = 0;
        for (place, cart) in carts.iter().enumerate() {
            let apart = sub(*cart, origin);
            self.passed[count] = place as u32;
            count += usize::from(dot(apart, apart) <= square);
        }
        for &place in &self.passed[..count] {
            let other = sites[place as usize];
            let vector = add(sub(carts[place as usize], centre), add(shift, scale(l, c)));
            let distance = norm(vector);
            if distance <= radius && !(site == other as usize && cell == [0; 3]) {
                let mut image = positions.home(site, other as usize);
                for (count, step) in cell.iter().zip(positions.steps) {
                    image = moved(image, *count, step);
                }
                found.push(Neighbor { site: other, image, distance, vector });
            }
        }
    }
}

fn index(counts: [i32; 3], place: [i32; 3]) -> usize {
    (place[0] as usize * counts[1] as usize + place[1] as usize) * counts[2] as usize + place[2] as usize
}
