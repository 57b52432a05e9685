//! `xrd`: smeared powder diffraction pattern for copper radiation.

use std::f64::consts::PI;

use matsieve_kernels::dispatch::{Level, add_scattered, phase_sums};
use matsieve_kernels::structure_factor::Phases;

use crate::candidate::{Candidate, Column, Fault, FaultCode, Reference, Stage};
use crate::chem::{NUM_ELEMENTS, element_table};
use crate::crystal::{ReducedCell, Row, Structure};
use crate::units::Unit;

use super::{Descriptor, DescriptorError, Needs, Scratch, crystal_input, no_parameters};

/// Wavelength of Cu Kα, in Å.
const WAVELENGTH: f64 = 1.54184;
/// Columns, one a degree of 2θ from 0.
const WIDTH: usize = 128;
/// Largest 2θ, in degrees.
const LARGEST: f64 = 127.0;
/// Peaks whose 2θ rounds to the same multiple of this, in degrees, are one.
const ANGLE_STEP: f64 = 1e-5;
/// Smearing, in units of the standard deviation of the pattern.
const BANDWIDTH: f64 = 0.05;
/// Intensities are in percent of the strongest and cut to whole numbers; one that lies less below a whole number counts as it.
const WHOLE: f64 = 1e-9;
/// Standard deviations of a Gaussian beyond which it is below 1e-17 of its height.
const REACH: f64 = 9.0;
/// Most products of reciprocal points and occupants: some seconds.
const MAX_WORK: f64 = 5e9;

/// matminer's `XRDPowderPattern`: pymatgen's pattern, smeared and normalised by a Gaussian kernel density.
///
/// Peaks count with their intensity in percent of the strongest, cut to a whole number, and the smearing is 0.05 standard
/// deviations of the pattern (quirk Q21, kept). The strongest counts 100; in matminer it counts 99 in one of 15 patterns, where
/// 100 x / x rounds to less than 100. NaN where an element has no scattering factor (Es and beyond) or fewer than
/// two peaks are left. Disordered sites scatter with their occupancies.
struct Xrd {
    factors: Box<[[[f64; 2]; 4]; NUM_ELEMENTS]>,
    level: Level,
}

/// Builds the descriptor.
pub(super) fn build(parameters: &serde_json::Value) -> Result<Box<dyn Descriptor>, DescriptorError> {
    no_parameters("xrd", parameters)?;
    let table = element_table::scattering();
    let mut factors = Box::new([[[0.0; 2]; 4]; NUM_ELEMENTS]);
    for term in 0..4 {
        for (part, letter) in ["a", "b"].into_iter().enumerate() {
            let column = table.expect(&format!("{letter}{}", term + 1));
            for (element, value) in factors.iter_mut().zip(column.values.iter()) {
                element[term][part] = *value;
            }
        }
    }
    Ok(Box::new(Xrd { factors, level: Level::best() }))
}

impl Descriptor for Xrd {
    fn columns(&self) -> Vec<Column> {
        let unit = Unit::parse("degree^-1").expect("a known unit");
        (0..WIDTH).map(|degree| Column::new(format!("xrd_{degree}"), unit.clone())).collect()
    }

    fn needs(&self) -> Needs {
        Needs { structure: true, ..Needs::default() }
    }

    fn version(&self) -> u32 {
        1
    }

    fn references(&self) -> &'static [Reference] {
        &[
            Reference {
                doi: "10.1017/CBO9781139051637",
                taken: "structure factors and intensities, chapters 11 and 12",
            },
            Reference { doi: "10.1016/j.commatsci.2012.10.028", taken: "the form and parameters of pymatgen" },
        ]
    }

    fn tables(&self) -> &'static [&'static str] {
        &["scattering"]
    }

    fn describe(&self, candidate: &Candidate, scratch: &mut Scratch, out: &mut [f64]) -> Result<(), Fault> {
        let structure = crystal_input::structure(candidate)?;
        let Scratch { geometry, xrd, .. } = scratch;
        xrd.scatterers.clear();
        for site in 0..structure.len() {
            let occupants = structure.occupants(site).iter();
            xrd.scatterers.extend(occupants.map(|o| (o.element.row(), site, o.occupancy)));
        }
        if xrd.scatterers.iter().any(|&(row, ..)| self.factors[row][0][0].is_nan()) {
            out.fill(f64::NAN);
            return Ok(());
        }
        check(structure, xrd.scatterers.len())?;
        xrd.intensities(self, geometry.reduced(structure));
        xrd.merge();
        smear(&xrd.peaks, out);
        Ok(())
    }
}

/// Largest distance of a reciprocal point from the origin, in Å⁻¹.
fn radius() -> f64 {
    2.0 * libm::sin(LARGEST / 2.0 * PI / 180.0) / WAVELENGTH
}

fn check(structure: &Structure, num_scatterers: usize) -> Result<(), Fault> {
    let points = 4.0 / 3.0 * PI * radius() * radius() * radius() * structure.lattice().volume();
    let work = points * num_scatterers as f64;
    if work <= MAX_WORK {
        return Ok(());
    }
    let detail = format!(
        "{num_scatterers} atoms in {:.0} Å³ scatter into about {points:.0e} reflections, expected a product of at most {MAX_WORK:.0e}",
        structure.lattice().volume()
    );
    Err(Fault::new(Stage::Describe, FaultCode::TooManyAtoms, detail))
}

/// Working memory.
#[derive(Debug, Default)]
pub(super) struct Work {
    /// Row of the element, site and occupancy, by element and then site.
    scatterers: Vec<(usize, usize, f64)>,
    /// e^{2πi h x} of each scatterer, for |h| up to the extent along each axis, real and imaginary parts.
    phases: [[Vec<f64>; 2]; 3],
    /// Occupancy times the phases along the first two axes.
    factors: [Vec<f64>; 2],
    /// Of one element and of all, along one row: real and imaginary parts.
    sums: [Vec<f64>; 2],
    total: [Vec<f64>; 2],
    /// s² = (sin θ / λ)² along one row.
    squares: Vec<f64>,
    /// Squared distance from the origin, in Å⁻², and intensity of each reflection; then angle 2θ, in degrees, and intensity.
    peaks: Vec<(f64, f64)>,
}

impl Work {
    /// Fills `peaks` with the reflections of one half of the reciprocal lattice: that of −g is the same.
    fn intensities(&mut self, xrd: &Xrd, cell: &ReducedCell) {
        self.scatterers.sort_unstable_by_key(|&(row, site, _)| (row, site));
        let radius = radius();
        let mut extent = [0; 3];
        cell.reciprocal_points(radius, |row| {
            let [h, k] = row.counts.map(i32::abs);
            let l = row.last.start().abs().max(row.last.end().abs());
            extent = [extent[0].max(h), extent[1].max(k), extent[2].max(l)];
        });
        self.tabulate(cell, extent);
        let mut electrons = 0.0;
        for &(row, _, occupancy) in &self.scatterers {
            electrons += occupancy * (row + 1) as f64;
        }
        // Weaker reflections are systematic absences.
        let faintest = 1e-18 * electrons * electrons;
        self.peaks.clear();
        cell.reciprocal_points(radius, |row| {
            let [h, k] = row.counts;
            let first = if (h, k) == (0, 0) { 1 } else { *row.last.start() };
            if h < 0 || (h == 0 && k < 0) || first > *row.last.end() {
                return;
            }
            self.row(xrd, extent, &row, first);
            for (place, l) in (first..=*row.last.end()).enumerate() {
                let (real, imaginary) = (self.total[0][place], self.total[1][place]);
                let square = row.square(l);
                let intensity = real * real + imaginary * imaginary;
                if intensity > faintest {
                    self.peaks.push((square, 2.0 * intensity * lorentz(square)));
                }
            }
        });
    }

    fn tabulate(&mut self, cell: &ReducedCell, extent: [i32; 3]) {
        for axis in 0..3 {
            let stride = 2 * extent[axis] as usize + 1;
            let [real, imaginary] = &mut self.phases[axis];
            for part in [&mut *real, imaginary] {
                part.clear();
                part.resize(stride * self.scatterers.len(), 0.0);
            }
            for (place, &(_, site, _)) in self.scatterers.iter().enumerate() {
                let angle = 2.0 * PI * cell.fracs()[site][axis];
                let (cosine, sine) = (libm::cos(angle), libm::sin(angle));
                let center = place * stride + extent[axis] as usize;
                let (mut x, mut y) = (1.0, 0.0);
                for h in 0..=extent[axis] as usize {
                    (real[center + h], imaginary[center + h]) = (x, y);
                    (real[center - h], imaginary[center - h]) = (x, -y);
                    (x, y) = (x * cosine - y * sine, x * sine + y * cosine);
                }
            }
        }
    }

    /// Structure factors of the points of a row from `first` on, into `total`.
    fn row(&mut self, xrd: &Xrd, extent: [i32; 3], row: &Row, first: i32) {
        let Self { scatterers, phases, factors, sums, total, squares, .. } = self;
        squares.clear();
        squares.extend((first..=*row.last.end()).map(|l| row.square(l) / 4.0));
        for part in sums.iter_mut().chain(&mut *total) {
            part.clear();
            part.resize(squares.len(), 0.0);
        }
        let [[a_real, a_imaginary], [b_real, b_imaginary], [c_real, c_imaginary]] = &*phases;
        let strides = extent.map(|extent| 2 * extent as usize + 1);
        let [h, k] = [0, 1].map(|axis| (row.counts[axis] + extent[axis]) as usize);
        for factor in factors.iter_mut() {
            factor.clear();
        }
        for (place, &(.., occupancy)) in scatterers.iter().enumerate() {
            let (a, b) = (place * strides[0] + h, place * strides[1] + k);
            factors[0].push(occupancy * (a_real[a] * b_real[b] - a_imaginary[a] * b_imaginary[b]));
            factors[1].push(occupancy * (a_real[a] * b_imaginary[b] + a_imaginary[a] * b_real[b]));
        }
        let mut start = 0;
        for element in scatterers.chunk_by(|a, b| a.0 == b.0) {
            let end = start + element.len();
            let table = start * strides[2]..end * strides[2];
            let phases = Phases { real: &c_real[table.clone()], imaginary: &c_imaginary[table], stride: strides[2] };
            let [real, imaginary] = sums;
            let of_element = [&factors[0][start..end], &factors[1][start..end]];
            phase_sums(xrd.level, of_element, phases, (first + extent[2]) as usize, real, imaginary);
            let row = element[0].0;
            let [total_real, total_imaginary] = total;
            let (sums, total) = ([&real[..], imaginary], [&mut total_real[..], total_imaginary]);
            add_scattered(xrd.level, (row + 1) as f64, &xrd.factors[row], squares, sums, total);
            start = end;
        }
    }

    /// Turns reflections into peaks: angle and intensity in percent of the strongest, cut to whole numbers above 0.
    fn merge(&mut self) {
        let peaks = &mut self.peaks;
        peaks.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
        let (mut end, mut square, mut bin) = (0, f64::NAN, f64::NAN);
        for place in 0..peaks.len() {
            let (next, intensity) = peaks[place];
            // Reflections of one length differ by rounding: they need no angle of their own.
            let mut same = (next - square).abs() <= 1e-13 * next;
            if !same {
                let angle = 2.0 * libm::asin((WAVELENGTH * next.sqrt() / 2.0).min(1.0)) * (180.0 / PI);
                let next_bin = libm::rint(angle / ANGLE_STEP);
                same = next_bin == bin;
                if !same {
                    (square, bin) = (next, next_bin);
                    peaks[end] = (angle, 0.0);
                    end += 1;
                }
            }
            if same || end > 0 {
                peaks[end - 1].1 += intensity;
            }
        }
        peaks.truncate(end);
        let strongest = peaks.iter().fold(0.0, |strongest: f64, peak| strongest.max(peak.1));
        for peak in peaks.iter_mut() {
            peak.1 = libm::floor(peak.1 / strongest * 100.0 + WHOLE);
        }
        peaks.retain(|peak| peak.1 >= 1.0);
    }
}

/// Lorentz and polarisation factor `(1 + cos² 2θ) / (sin² θ cos θ)` of a point at this squared distance.
fn lorentz(square: f64) -> f64 {
    let sine_square = WAVELENGTH * WAVELENGTH * square / 4.0;
    let double = 1.0 - 2.0 * sine_square;
    (1.0 + double * double) / (sine_square * (1.0 - sine_square).max(0.0).sqrt())
}

/// Gaussian kernel density at each whole degree.
fn smear(peaks: &[(f64, f64)], out: &mut [f64]) {
    let (mut count, mut sum) = (0.0, 0.0);
    for &(angle, weight) in peaks {
        count += weight;
        sum += weight * angle;
    }
    let mean = sum / count;
    let mut squares = 0.0;
    for &(angle, weight) in peaks {
        squares += weight * (angle - mean) * (angle - mean);
    }
    let width = BANDWIDTH * (squares / (count - 1.0)).sqrt();
    if peaks.len() < 2 || width.is_nan() || width <= 0.0 {
        out.fill(f64::NAN);
        return;
    }
    out.fill(0.0);
    let height = 1.0 / (count * width * (2.0 * PI).sqrt());
    let curvature = 1.0 / (width * width);
    let step = libm::exp(-curvature);
    for &(angle, weight) in peaks {
        // From the nearest degree outwards: exp(−(d + 1)²/2σ²) = exp(−d²/2σ²) exp(−(2d + 1)/2σ²), and so on.
        let nearest = libm::rint(angle);
        let apart = nearest - angle;
        let value = weight * height * libm::exp(-0.5 * curvature * apart * apart);
        for direction in [1i32, -1] {
            let along = apart * f64::from(direction);
            let mut factor = libm::exp(-0.5 * curvature * (2.0 * along + 1.0));
            let mut value = value;
            let mut place = nearest as i32;
            let reach = nearest + f64::from(direction) * (REACH * width + 1.0);
            let last = (reach as i32).clamp(0, WIDTH as i32 - 1);
            if direction == -1 {
                value *= factor;
                factor *= step;
                place -= 1;
            }
            while (place - last) * direction <= 0 {
                if let Some(out) = usize::try_from(place).ok().and_then(|place| out.get_mut(place)) {
                    *out += value;
                }
                value *= factor;
                factor *= step;
                place += direction;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_smeared_pattern_is_the_sum_of_its_gaussians() {
        let peaks = [(20.3, 100.0), (20.9, 7.0), (64.5, 31.0), (126.99, 55.0)];
        let mut out = [0.0; WIDTH];
        smear(&peaks, &mut out);
        let count: f64 = peaks.iter().map(|p| p.1).sum();
        let mean = peaks.iter().map(|p| p.0 * p.1).sum::<f64>() / count;
        let variance = peaks.iter().map(|p| p.1 * (p.0 - mean) * (p.0 - mean)).sum::<f64>() / (count - 1.0) * 0.0025;
        for (degree, found) in out.iter().enumerate() {
            let gaussian = |p: &(f64, f64)| p.1 * (-(degree as f64 - p.0).powi(2) / (2.0 * variance)).exp();
            let expected = peaks.iter().map(gaussian).sum::<f64>() / (count * (2.0 * PI * variance).sqrt());
            assert!((found - expected).abs() < 1e-14, "{degree}: {found}, expected {expected}");
        }
    }

    #[test]
    fn one_peak_has_no_width() {
        let mut out = [0.0; WIDTH];
        smear(&[(30.0, 100.0)], &mut out);
        assert!(out.iter().all(|value| value.is_nan()));
        smear(&[], &mut out);
        assert!(out.iter().all(|value| value.is_nan()));
    }
}
