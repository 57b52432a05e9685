//! The kernels of crystal descriptors against the definitions written out, on lengths around the stripe, at every level of
//! this processor, to the bit the same at each.

use matsieve_kernels::angular::{Neighborhood, PADDING};
use matsieve_kernels::dispatch::{
    Level, add_angular_functions, add_scattered, angular_sums, exp_in_place, gaussian_moments, gaussian_sum,
    phase_sums, shifted_gaussian_sum, symmetric_eigenvalues, weighted_gaussian_sum,
};
use matsieve_kernels::structure_factor::Phases;
use matsieve_kernels::symmetry_functions::{self, AngularFunction, AngularTerms, ROWS, Shell};

/// Multiplicative congruential numbers (Lehmer 1951, modulus 2³¹ − 1), uniform in 0..1.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> f64 {
        self.0 = self.0 * 48_271 % 2_147_483_647;
        self.0 as f64 / 2_147_483_647.0
    }

    fn list(&mut self, length: usize, low: f64, high: f64) -> Vec<f64> {
        (0..length).map(|_| low + (high - low) * self.next()).collect()
    }
}

/// Runs at every level, checks that the bits are the same, and hands out the numbers.
fn at_every_level(run: impl Fn(Level) -> Vec<f64>) -> Vec<f64> {
    let first = run(Level::BASELINE);
    for level in Level::available() {
        let bits = |values: &[f64]| values.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
        assert_eq!(bits(&run(level)), bits(&first), "{}", level.name());
    }
    first
}

fn near(found: f64, expected: f64, scale: f64, what: &str) {
    assert!((found - expected).abs() <= 1e-13 * scale.max(expected.abs()), "{what}: {found}, expected {expected}");
}

#[test]
fn exponentials_lie_within_two_units_in_the_last_place() {
    let mut numbers = Numbers(7);
    let mut arguments = numbers.list(4001, -708.0, 709.0);
    arguments.extend(numbers.list(4000, -1.0, 1.0));
    arguments.extend([0.0, -0.0, 1e-300, -708.0, 709.0]);
    let found = at_every_level(|level| {
        let mut values = arguments.clone();
        exp_in_place(level, &mut values);
        values
    });
    for (x, value) in arguments.iter().zip(found) {
        let units = (value - x.exp()).abs() / (x.exp() * f64::EPSILON);
        assert!(units <= 2.0, "exp({x}) is {value}, {units} units off");
    }
    let mut outside = [-708.1, -1e300, 709.1, f64::INFINITY, f64::NEG_INFINITY];
    exp_in_place(Level::best(), &mut outside);
    assert_eq!(outside, [0.0, 0.0, f64::INFINITY, f64::INFINITY, 0.0]);
}

#[test]
fn sums_of_gaussians_are_those_of_a_plain_loop() {
    let mut numbers = Numbers(11);
    for length in 0..40 {
        let squares = numbers.list(length, 0.0, 60.0);
        let weights = numbers.list(length, 0.0, 1.0);
        let axes: Vec<Vec<f64>> = (0..3).map(|_| numbers.list(length, -1.0, 1.0)).collect();
        let exponent = 0.1 + numbers.next();
        let found = at_every_level(|level| {
            let mut values = vec![gaussian_sum(level, &squares, &weights, exponent)];
            values.extend(gaussian_moments(level, &squares, &weights, [&axes[0], &axes[1], &axes[2]], exponent));
            values.push(shifted_gaussian_sum(level, &squares, 3.0));
            values.push(weighted_gaussian_sum(level, &squares, &weights, 20.0, exponent));
            values
        });
        let terms: Vec<f64> = squares.iter().zip(&weights).map(|(s, w)| w * (-s * exponent).exp()).collect();
        let scale = length as f64;
        near(found[0], terms.iter().sum(), scale, "sum");
        near(found[1], terms.iter().sum(), scale, "moment 0");
        for (axis, values) in axes.iter().enumerate() {
            near(found[2 + axis], terms.iter().zip(values).map(|(t, x)| t * x).sum(), scale, "moment");
        }
        near(found[5], squares.iter().map(|r| (-(r - 3.0) * (r - 3.0)).exp()).sum(), scale, "shifted");
        let apart = |r: &f64| (-exponent * (r - 20.0) * (r - 20.0)).exp();
        near(found[6], squares.iter().zip(&weights).map(|(r, w)| w * apart(r)).sum(), scale, "weighted");
    }
}

#[test]
fn angular_sums_are_those_of_a_plain_loop_over_pairs() {
    let mut numbers = Numbers(13);
    let envelope: [f64; 16] = std::array::from_fn(|_| numbers.next() - 0.5);
    for length in 0..30 {
        let vectors: Vec<[f64; 3]> = (0..length)
            .map(|_| {
                let v: [f64; 3] = std::array::from_fn(|_| 2.0 * numbers.next() - 1.0);
                let norm = v.iter().map(|x| x * x).sum::<f64>().sqrt();
                v.map(|x| x / norm)
            })
            .collect();
        let distances = numbers.list(length, 0.1, 1.0);
        let weights = numbers.list(length, 0.0, 1.0);
        let padded = |values: &[f64]| [values, &[0.0; PADDING]].concat();
        let axes: Vec<Vec<f64>> = (0..3).map(|k| padded(&vectors.iter().map(|v| v[k]).collect::<Vec<_>>())).collect();
        let (r, w) = (padded(&distances), padded(&weights));
        let found = at_every_level(|level| {
            let directions = [&axes[0][..], &axes[1], &axes[2]];
            let mut sums = [1.0; 4];
            angular_sums(level, Neighborhood { directions, distances: &r, weights: &w }, &envelope, &mut sums);
            sums.to_vec()
        });
        let mut expected = [1.0; 4];
        for j in 0..length {
            for k in j + 1..length {
                let c: f64 = vectors[j].iter().zip(&vectors[k]).map(|(a, b)| a * b).sum();
                let t = r[j] * r[j] + r[k] * r[k] - 2.0 * r[j] * r[k] * c;
                let p: f64 = envelope.iter().enumerate().map(|(n, a)| a * t.powi(n as i32)).sum();
                if t <= 1.0 {
                    let factor = w[j] * w[k] * p;
                    for (sum, x) in expected.iter_mut().zip([1.0 + c, 1.0 - c, (1.0 + c).powi(4), (1.0 - c).powi(4)]) {
                        *sum += factor * x;
                    }
                }
            }
        }
        for (found, expected) in found.iter().zip(expected) {
            near(*found, expected, (length * length * 16) as f64, "angular sum");
        }
    }
}

/// Neighbours of a centre, with padding: unit vectors by axis, distances, one list of weights a function.
struct Around([Vec<f64>; 3], Vec<f64>, Vec<f64>);

impl Around {
    fn new(numbers: &mut Numbers, count: usize, functions: usize) -> Self {
        let padded = |values: &[f64]| [values, &[0.0; symmetry_functions::PADDING]].concat();
        let mut vectors: Vec<[f64; 3]> = (0..count)
            .map(|_| {
                let v: [f64; 3] = std::array::from_fn(|_| 2.0 * numbers.next() - 1.0);
                let norm = v.iter().map(|x| x * x).sum::<f64>().sqrt();
                v.map(|x| x / norm)
            })
            .collect();
        if count > 2 {
            // Opposite and equal directions, where rounding makes bases negative.
            vectors[1] = vectors[0].map(|x| -x);
            vectors[2] = vectors[0];
        }
        let axes = std::array::from_fn(|k| padded(&vectors.iter().map(|v| v[k]).collect::<Vec<_>>()));
        let weights = (0..functions).flat_map(|_| padded(&numbers.list(count, 0.0, 1.0))).collect();
        Self(axes, padded(&numbers.list(count, 0.5, 5.0)), weights)
    }

    fn shell(&self) -> Shell<'_> {
        Shell { directions: self.0.each_ref().map(|axis| &axis[..]), distances: &self.1, weights: &self.2 }
    }

    fn count(&self) -> usize {
        self.1.len() - symmetry_functions::PADDING
    }
}

#[test]
fn angular_functions_are_those_of_a_plain_loop_over_pairs() {
    let function = |decay, exponent, sign, is_closed| AngularFunction { decay, exponent, sign, is_closed };
    let functions = [
        function(0.01, 1.0, 1.0, true),
        function(0.01, 7.0, -1.0, true),
        function(0.3, 2.5, 0.5, true),
        function(0.0, 1.0, -1.0, false),
        function(0.0, 0.5, 1.0, false),
        function(0.0, 16.0, 1.0, false),
        function(0.0, 300.25, -0.75, false),
    ];
    let mut numbers = Numbers(23);
    let envelope: [f64; 16] = std::array::from_fn(|_| numbers.next() - 0.5);
    let cutoff = 6.0;
    for (left, right) in [(0, 0), (0, 5), (5, 0), (1, 1), (2, 3), (7, 8), (9, 17), (16, 16), (31, 30), (70, 70)] {
        let around = [left, right].map(|count| Around::new(&mut numbers, count, functions.len()));
        for is_same in [false, true] {
            let sides = if is_same { [&around[1], &around[1]] } else { [&around[0], &around[1]] };
            let found = at_every_level(|level| {
                let mut rows = vec![f64::NAN; ROWS * sides[1].1.len()];
                let mut sums = vec![1.0; functions.len()];
                let shells = sides.map(Around::shell);
                let terms = AngularTerms { functions: &functions, cutoff, envelope: &envelope };
                add_angular_functions(level, terms, shells[0], shells[1], is_same, &mut rows, &mut sums);
                sums
            });
            for (place, function) in functions.iter().enumerate() {
                let (mut sum, mut scale) = (1.0, 1.0);
                for j in 0..sides[0].count() {
                    for k in if is_same { j + 1 } else { 0 }..sides[1].count() {
                        let c: f64 = (0..3).map(|axis| sides[0].0[axis][j] * sides[1].0[axis][k]).sum();
                        let (r, s) = (sides[0].1[j], sides[1].1[k]);
                        let t = r * r + s * s - 2.0 * r * s * c;
                        let u = t / (cutoff * cutoff);
                        let p: f64 = envelope.iter().enumerate().map(|(n, a)| a * u.powi(n as i32)).sum();
                        let third = match function.is_closed {
                            true if u <= 1.0 => p * (-function.decay * t).exp(),
                            true => 0.0,
                            false => 1.0,
                        };
                        let base = (0.5 * (1.0 + function.sign * c)).max(0.0);
                        let weight = |side: &Around, at: usize| side.2[place * side.1.len() + at];
                        let term =
                            2.0 * base.powf(function.exponent) * third * weight(sides[0], j) * weight(sides[1], k);
                        sum += term;
                        // A root of rounding is far larger than rounding.
                        scale += term.abs() + if function.exponent < 1.0 { 1e5 } else { 0.0 };
                    }
                }
                near(found[place], sum, 100.0 * scale, &format!("{function:?} of {left} and {right}, {is_same}"));
            }
        }
    }
}

/// The second difference matrix has eigenvalues 2 − 2 cos(kπ / (n + 1)); reflections keep them and fill the matrix.
#[test]
fn eigenvalues_of_reflected_second_differences_are_known() {
    let mut numbers = Numbers(17);
    for n in 1..=40 {
        let mut matrix = vec![vec![0.0; n]; n];
        for i in 0..n {
            matrix[i][i] = 2.0;
            if i > 0 {
                (matrix[i][i - 1], matrix[i - 1][i]) = (-1.0, -1.0);
            }
        }
        for _ in 0..3 {
            let v = numbers.list(n, -1.0, 1.0);
            let square: f64 = v.iter().map(|x| x * x).sum();
            let reflect = |x: &mut dyn FnMut(usize) -> f64| {
                let along: f64 = (0..n).map(|i| v[i] * x(i)).sum();
                (0..n).map(|i| x(i) - 2.0 * v[i] * along / square).collect::<Vec<_>>()
            };
            for row in &mut matrix {
                *row = reflect(&mut |i| row[i]);
            }
            (0..n).for_each(|column| {
                let reflected = reflect(&mut |i| matrix[i][column]);
                (0..n).for_each(|i| matrix[i][column] = reflected[i]);
            });
        }
        let mut found = at_every_level(|level| {
            let (mut values, mut work) = (vec![0.0; n], vec![f64::NAN; n]);
            assert!(symmetric_eigenvalues(level, &mut matrix.concat(), &mut values, &mut work));
            values
        });
        found.sort_by(f64::total_cmp);
        for (k, value) in found.iter().enumerate() {
            let expected = 2.0 - 2.0 * (std::f64::consts::PI * (k + 1) as f64 / (n + 1) as f64).cos();
            near(*value, expected, 40.0, "eigenvalue");
        }
    }
}

#[test]
fn eigenvalues_of_odd_matrices() {
    let eigenvalues = |n: usize, matrix: &[f64]| {
        let (mut values, mut work) = (vec![0.0; n], vec![0.0; n]);
        let found = symmetric_eigenvalues(Level::best(), &mut matrix.to_vec(), &mut values, &mut work);
        values.sort_by(f64::total_cmp);
        found.then_some(values)
    };
    assert_eq!(eigenvalues(0, &[]), Some(vec![]));
    assert_eq!(eigenvalues(1, &[3.0]), Some(vec![3.0]));
    assert_eq!(eigenvalues(2, &[0.0; 4]), Some(vec![0.0, 0.0]));
    assert_eq!(eigenvalues(3, &[1.0, 0.0, 0.0, 0.0, 5.0, 0.0, 0.0, 0.0, 2.0]), Some(vec![1.0, 2.0, 5.0]));
    assert_eq!(eigenvalues(2, &[1.0, f64::NAN, f64::NAN, 1.0]), None);
}

#[test]
fn structure_factors_are_those_of_a_plain_sum_over_sites() {
    let mut numbers = Numbers(19);
    for (sites, stride, start, width) in [(1, 1, 0, 1), (3, 9, 2, 5), (7, 31, 0, 31), (4, 20, 3, 0)] {
        let phases = [numbers.list(sites * stride, -1.0, 1.0), numbers.list(sites * stride, -1.0, 1.0)];
        let factors = [numbers.list(sites, -1.0, 1.0), numbers.list(sites, -1.0, 1.0)];
        let squares = numbers.list(width, 0.0, 0.4);
        let coefficients = [[4.763, 3.285], [3.174, 8.842], [1.267, 0.314], [1.113, 129.424]];
        let found = at_every_level(|level| {
            let (mut re, mut im) = (vec![f64::NAN; width], vec![f64::NAN; width]);
            let table = Phases { real: &phases[0], imaginary: &phases[1], stride };
            phase_sums(level, [&factors[0], &factors[1]], table, start, &mut re, &mut im);
            let (mut total_re, mut total_im) = (vec![1.0; width], vec![2.0; width]);
            add_scattered(level, 11.0, &coefficients, &squares, [&re, &im], [&mut total_re, &mut total_im]);
            [total_re, total_im].concat()
        });
        for l in 0..width {
            let (mut re, mut im) = (0.0, 0.0);
            for site in 0..sites {
                let (x, y) = (phases[0][site * stride + start + l], phases[1][site * stride + start + l]);
                re += factors[0][site] * x - factors[1][site] * y;
                im += factors[0][site] * y + factors[1][site] * x;
            }
            let shell: f64 = coefficients.iter().map(|[a, b]| a * (-b * squares[l]).exp()).sum();
            let f = 11.0 - 41.78214 * squares[l] * shell;
            near(found[l], 1.0 + f * re, 100.0, "real part");
            near(found[width + l], 2.0 + f * im, 100.0, "imaginary part");
        }
    }
}
