//! Two reduced cells laid over one another.

use super::super::Lattice;
use super::super::images::whole_numbers;
use super::super::reduction::Reduction;
use super::super::vector::{Vector, add, dot, multiply, norm, scale, sub};
use super::assignment::{FORBIDDEN, assign};
use super::primitive::wrapped;
use super::{Cell, MatchTolerances};

/// Whether `a` can be laid over `b`: both have as many sites of each kind.
pub(super) fn fit(a: &Cell, b: &Cell, tolerances: &MatchTolerances) -> bool {
    // To the same volume, each half of the way.
    let ratio = libm::cbrt((b.lattice.volume() / a.lattice.volume()).sqrt());
    let scaled = |lattice: &Lattice, factor: f64| Lattice::new(lattice.rows().map(|row| scale(factor, row)));
    let (Some(from), Some(to)) = (scaled(&a.lattice, ratio), scaled(&b.lattice, 1.0 / ratio)) else { return false };
    let Some(rarest) = b.kinds().min_by_key(ExactSizeIterator::len) else { return false };
    let carts: Vec<Vector> = a.fracs.iter().map(|&frac| from.cart(frac)).collect();
    let mut found = false;
    bases(&from, &to, tolerances, &mut |basis| {
        let Some(overlay) = Overlay::new(&basis, &to, a.fracs.len(), tolerances) else { return false };
        let fracs: Vec<Vector> = carts.iter().map(|&cart| wrapped(basis.frac(cart))).collect();
        let mut moved = b.fracs.clone();
        found = rarest.clone().any(|site| {
            let shift = sub(fracs[site], b.fracs[rarest.start]);
            moved.iter_mut().zip(&b.fracs).for_each(|(moved, frac)| *moved = add(*frac, shift));
            overlay.fits(a, &fracs, &moved)
        });
        found
    });
    found
}

/// Hands on bases of the lattice `from` whose lengths and angles are close to those of `to`, until `visit` says that it is enough.
fn bases(from: &Lattice, to: &Lattice, tolerances: &MatchTolerances, visit: &mut dyn FnMut(Lattice) -> bool) {
    let (lengths, angles) = (to.lengths(), to.angles());
    let most = 1.0 + tolerances.length;
    let points = points(from, lengths.into_iter().fold(0.0, f64::max) * most);
    let candidates = lengths.map(|length| {
        let close = |point: &&Point| point.length / length < most && point.length / length > 1.0 / most;
        points.iter().filter(close).copied().collect::<Vec<_>>()
    });
    // Angles are compared by their cosines: an arc cosine for each pair would take most of the time.
    let cosines = angles.map(|angle| {
        let bound = |degrees: f64| libm::cos(degrees.clamp(0.0, 180.0).to_radians());
        (bound(angle + tolerances.angle), bound(angle - tolerances.angle))
    });
    let has_angle = |p: &Point, q: &Point, (low, high): (f64, f64)| {
        let cosine = (dot(p.cart, q.cart) / (p.length * q.length)).clamp(-1.0, 1.0);
        (low..=high).contains(&cosine)
    };
    let [of_a, of_b, of_c] = &candidates;
    let mut seconds = Vec::new();
    let mut thirds = Vec::new();
    for a in of_a {
        seconds.clear();
        seconds.extend(of_b.iter().filter(|b| has_angle(a, b, cosines[2])));
        thirds.clear();
        thirds.extend(of_c.iter().filter(|c| has_angle(a, c, cosines[1])));
        for b in &seconds {
            for c in &thirds {
                if has_angle(b, c, cosines[0])
                    && determinant(a.steps, b.steps, c.steps).abs() == 1
                    && let Some(basis) = Lattice::new([a.cart, b.cart, c.cart])
                    && visit(basis)
                {
                    return;
                }
            }
        }
    }
}

/// A lattice point.
#[derive(Copy, Clone)]
struct Point {
    steps: [i64; 3],
    cart: Vector,
    length: f64,
}

/// Lattice points within a radius of the origin, which is none of them; the basis is reduced, so that few others are looked at.
fn points(lattice: &Lattice, radius: f64) -> Vec<Point> {
    let heights = lattice.heights();
    let range = |k: usize| whole_numbers(-radius / heights[k], radius / heights[k]);
    let mut points = Vec::new();
    for i in range(0) {
        for j in range(1) {
            for k in range(2) {
                let steps = [i, j, k];
                let cart = lattice.cart(steps.map(f64::from));
                let length = norm(cart);
                if length <= radius && steps != [0; 3] {
                    points.push(Point { steps: steps.map(i64::from), cart, length });
                }
            }
        }
    }
    points
}

fn determinant(a: [i64; 3], b: [i64; 3], c: [i64; 3]) -> i64 {
    a[0] * (b[1] * c[2] - b[2] * c[1]) - a[1] * (b[0] * c[2] - b[2] * c[0]) + a[2] * (b[0] * c[1] - b[1] * c[0])
}

/// The lattice halfway between the two, by its reduced basis, and how far sites may lie apart there.
struct Overlay {
    reduction: Reduction,
    /// One over the length in whose units distances are compared, in Å⁻¹.
    per_length: f64,
    site: f64,
    /// Widest difference of fractional coordinates of sites that are compared at all.
    window: Vector,
    /// The same in the reduced basis.
    reduced_window: Vector,
}

impl Overlay {
    fn new(a: &Lattice, b: &Lattice, num_sites: usize, tolerances: &MatchTolerances) -> Option<Self> {
        let mean = |x: Vector, y: Vector| std::array::from_fn(|k| (x[k] + y[k]) / 2.0);
        let lattice = Lattice::from_parameters(mean(a.lengths(), b.lengths()), mean(a.angles(), b.angles()))?;
        let reduction = Reduction::new(&lattice);
        let per_length = libm::cbrt(num_sites as f64 / lattice.volume());
        let reach = 2.0 * tolerances.site / per_length;
        let window = lattice.heights().map(|height| reach / height);
        let reduced_window = Lattice::new(reduction.rows)?.heights().map(|height| reach / height);
        Some(Self { reduction, per_length, site: tolerances.site, window, reduced_window })
    }

    /// Whether sites at `b` lie on sites at `a`, as near as allowed once the mean shift between them is taken away.
    fn fits(&self, cell: &Cell, a: &[Vector], b: &[Vector]) -> bool {
        let all_near = cell.kinds().all(|kind| {
            let there = &a[kind.clone()];
            b[kind].iter().all(|site| there.iter().any(|other| is_within(sub(*other, *site), self.window)))
        });
        if !all_near {
            return false;
        }
        let mut vectors = vec![[0.0; 3]; b.len()];
        let mut costs = Vec::new();
        let mut pairs = Vec::new();
        for kind in cell.kinds() {
            let count = kind.len();
            costs.clear();
            pairs.clear();
            for &site in &b[kind.clone()] {
                for &other in &a[kind.clone()] {
                    let (vector, square) = self.shortest(sub(other, site));
                    costs.push(square);
                    pairs.push(vector);
                }
            }
            for (row, column) in assign(&costs, count).into_iter().enumerate() {
                if costs[row * count + column] >= FORBIDDEN {
                    return false;
                }
                vectors[kind.start + row] = pairs[row * count + column];
            }
        }
        let sum = vectors.iter().fold([0.0; 3], |sum, &vector| add(sum, vector));
        let mean = scale(1.0 / vectors.len() as f64, sum);
        vectors.iter().all(|&vector| norm(sub(vector, mean)) * self.per_length < self.site)
    }

    /// The shortest vector between images of two sites and its square; forbidden where they lie too far apart.
    fn shortest(&self, apart: Vector) -> (Vector, f64) {
        let frac = self.reduction.frac(apart);
        let near: Vector = frac.map(|x| x - x.round());
        if !is_within(near, self.reduced_window) {
            return ([0.0; 3], FORBIDDEN);
        }
        let mut best = ([0.0; 3], f64::INFINITY);
        for i in [-1.0, 0.0, 1.0] {
            for j in [-1.0, 0.0, 1.0] {
                for k in [-1.0, 0.0, 1.0] {
                    let vector = multiply([near[0] + i, near[1] + j, near[2] + k], &self.reduction.rows);
                    let square = dot(vector, vector);
                    if square < best.1 {
                        best = (vector, square);
                    }
                }
            }
        }
        best
    }
}

fn is_within(apart: Vector, limit: Vector) -> bool {
    (0..3).all(|k| (apart[k] - apart[k].round()).abs() <= limit[k])
}
