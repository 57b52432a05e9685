//! `op_site_fingerprint`: local order parameters of the nearest shells of neighbours (Zimmermann 2017).

use crate::candidate::{Candidate, Column, Fault, Reference};
use crate::crystal::order_parameters::{MAX_COORDINATION, Motif, NUM_MOTIFS, Shell, motifs};
use crate::crystal::{Neighbor, Neighbors};
use crate::units::Unit;

use super::crystal_input::{geometry_fault, ordered_structure};
use super::site_pooling::SitePooling;
use super::site_statistics::MEAN_AND_DEVIATION;
use super::{Descriptor, DescriptorError, Needs, Scratch};

/// First radius in which twelve neighbours are looked for, in Å.
const FIRST_RADIUS: f64 = 7.0;

/// Widths of the bins of relative distances: 0.1 and a tenth of it less and more.
const WIDTHS: [f64; 3] = [0.1 - 0.01, 0.1, 0.1 + 0.01];

/// Width of the bins of order parameters, of which the fullest one counts, and its inverse.
const BIN: f64 = 0.001;
const BINS_PER_UNIT: f64 = 1.0 / BIN;

/// Mean and standard deviation over sites of matminer's `OPSiteFingerprint`.
///
/// For each motif the shell of neighbours that has just its number of members is judged; where no shell has, the value is
/// zero. Shells are bins of relative distances, with three widths; the result is the centre of the fullest bin of the three
/// values, so that zero is stored as 0.0005. The body-centred cubic order is the mean over the orders of its neighbours,
/// of which matminer takes whichever its search gives.
struct OpSiteFingerprint {
    pooling: SitePooling,
}

/// Builds the descriptor.
pub(super) fn build(parameters: &serde_json::Value) -> Result<Box<dyn Descriptor>, DescriptorError> {
    let pooling = SitePooling::alone("op_site_fingerprint", parameters, MEAN_AND_DEVIATION)?;
    Ok(Box::new(OpSiteFingerprint { pooling }))
}

impl Descriptor for OpSiteFingerprint {
    fn columns(&self) -> Vec<Column> {
        let label = |motif: &Motif| format!("{} CN_{}", motif.name, motif.coordination);
        self.pooling.columns(motifs().iter().map(|motif| (label(motif), Unit::dimensionless())))
    }

    fn needs(&self) -> Needs {
        Needs { structure: true, ..Needs::default() }
    }

    fn version(&self) -> u32 {
        1
    }

    fn references(&self) -> &'static [Reference] {
        &[
            Reference { doi: "10.3389/fmats.2017.00034", taken: "order parameters of motifs" },
            Reference { doi: "10.1016/j.commatsci.2018.05.018", taken: "binning of shells, as in matminer 0.10.1" },
        ]
    }

    fn tables(&self) -> &'static [&'static str] {
        &["motifs"]
    }

    fn parameters(&self) -> serde_json::Value {
        self.pooling.parameters(serde_json::json!({}))
    }

    fn describe(&self, candidate: &Candidate, scratch: &mut Scratch, out: &mut [f64]) -> Result<(), Fault> {
        let (structure, occupants) = ordered_structure(candidate)?;
        let enough =
            |neighbors: &Neighbors| (0..structure.len()).all(|site| neighbors.of(site).len() >= MAX_COORDINATION);
        let mut radius = FIRST_RADIUS;
        while !enough(scratch.geometry.neighbors(structure, radius).map_err(geometry_fault)?) {
            radius *= 2.0;
        }
        let neighbors = scratch.geometry.neighbors(structure, radius).map_err(geometry_fault)?;
        scratch.site_values.clear();
        let mut values = [[0.0; WIDTHS.len()]; NUM_MOTIFS];
        for site in 0..structure.len() {
            // matminer widens its sphere by 1 Å until it holds enough.
            let farthest = neighbors.of(site)[MAX_COORDINATION - 1].distance;
            let sphere = FIRST_RADIUS + (farthest - FIRST_RADIUS).max(0.0).ceil();
            order_parameters(neighbors.within(site, sphere.min(neighbors.radius())), &mut scratch.shell, &mut values);
            scratch.site_values.extend(values.iter().map(|three| fullest_bin(*three)));
        }
        self.pooling.finish(structure, occupants, scratch, out)
    }
}

/// The values of all motifs for each width of the bins of distances; `neighbors` ascend in distance.
fn order_parameters(neighbors: &[Neighbor], shell: &mut Shell, values: &mut [[f64; WIDTHS.len()]]) {
    let nearest = neighbors[0].distance;
    let next = neighbors[1].distance;
    values.fill([0.0; WIDTHS.len()]);
    let shells = motifs().partition_point(|motif| motif.coordination < 2);
    values[..shells].fill([1.0 - nearest / next; WIDTHS.len()]);
    for (column, width) in WIDTHS.into_iter().enumerate() {
        let bin = |neighbor: &Neighbor| (neighbor.distance / nearest * (1.0 / width) + 0.5) as u64;
        let mut count = 0;
        for group in neighbors.chunk_by(|a, b| bin(a) == bin(b)) {
            count += group.len();
            if count > MAX_COORDINATION {
                break;
            }
            let members = &neighbors[..count];
            let mut closeness = 0.0;
            for neighbor in members {
                closeness += 1.0 / (neighbor.distance / nearest);
            }
            closeness /= count as f64;
            shell.set(members.iter().map(|neighbor| (neighbor.vector, 0)));
            for (Motif { coordination, order_parameter, .. }, value) in motifs().iter().zip(&mut *values).skip(shells) {
                if *coordination == count {
                    value[column] = order_parameter.value(shell).unwrap_or(0.0) * (closeness * closeness);
                }
            }
        }
    }
}

/// The centre of the fullest bin; of two fullest ones side by side the border between them.
///
/// Every step is that of matminer, whose bins start one and a half bin widths below the smallest value.
fn fullest_bin(values: [f64; WIDTHS.len()]) -> f64 {
    let smallest = values.into_iter().fold(f64::INFINITY, f64::min);
    let largest = values.into_iter().fold(f64::NEG_INFINITY, f64::max);
    let mut start = ((smallest * BINS_PER_UNIT - 1.5).trunc() * BIN).clamp(0.0, 1.0);
    let mut end = ((largest * BINS_PER_UNIT + 1.5).trunc() * BIN).clamp(0.0, 1.0);
    if start == end {
        start -= BIN;
        end += BIN;
    }
    let count = ((end - start) * BINS_PER_UNIT).trunc().max(1.0) as usize;
    let step = (end - start) / count as f64;
    let edge = |bin: usize| if bin == count { end } else { bin as f64 * step + start };
    let center = |bin: usize| 0.5 * (edge(bin) + edge(bin + 1));
    let bin_of = |value: f64| {
        let mut bin = (((value - start) / (end - start) * count as f64) as usize).min(count - 1);
        if value < edge(bin) {
            bin -= 1;
        } else if bin + 1 < count && value >= edge(bin + 1) {
            bin += 1;
        }
        bin
    };
    let mut bins = [usize::MAX; WIDTHS.len()];
    for (bin, value) in bins.iter_mut().zip(values) {
        if (start..=end).contains(&value) {
            *bin = bin_of(value);
        }
    }
    bins.sort_unstable();
    let members = |bin: usize| bins.iter().filter(|other| **other == bin).count();
    let fullest = bins.iter().filter(|bin| **bin != usize::MAX).map(|bin| members(*bin)).max().unwrap_or(0);
    if fullest == 0 {
        return if count > 1 { 0.5 * (center(0) + center(1)) } else { center(0) };
    }
    let mut peaks = [0; WIDTHS.len()];
    let mut num_peaks = 0;
    for bin in bins {
        if bin != usize::MAX && members(bin) == fullest && (num_peaks == 0 || peaks[num_peaks - 1] != bin) {
            peaks[num_peaks] = bin;
            num_peaks += 1;
        }
    }
    match peaks[..num_peaks] {
        [first, second, ..] if second == first + 1 => 0.5 * (center(first) + center(second)),
        [_, second, third] if third == second + 1 => 0.5 * (center(second) + center(third)),
        [first, ..] => center(first),
        [] => center(0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fullest_bin_is_that_of_numpy() {
        // By hand from the definition in matminer 0.10.1: equal values of 0, of 1 and of 0.4321; two and one; three apart;
        // two neighbouring bins beside a third value.
        for (values, expected) in [
            ([0.0; 3], 0.000_5),
            ([1.0; 3], 0.999_5),
            ([0.432_1; 3], 0.432_5),
            ([0.2002, 0.4321, 0.4321], 0.432_5),
            ([0.2002, 0.4321, 0.7777], 0.200_5),
            ([0.1005, 0.3005, 0.3015], 0.301),
        ] {
            assert!((fullest_bin(values) - expected).abs() < 1e-9, "{values:?}: {}", fullest_bin(values));
        }
    }
}
