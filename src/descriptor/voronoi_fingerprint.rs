//! `voronoi_fingerprint`: how many facets of which shape and size the Voronoi cells have (Peng 2011, Wang 2019).
//!
//! And `voronoi_fingerprint_matminer`, which counts facets that only rounding of coordinates makes.

use crate::candidate::{Candidate, Column, Fault, Reference};
use crate::crystal::{Facet, Voronoi};
use crate::units::Unit;

use super::crystal_input::{geometry_fault, ordered_structure};
use super::site_pooling::{SitePooling, no_others};
use super::site_statistics::{MEAN_AND_DEVIATION, SiteStatistic};
use super::{Descriptor, DescriptorError, Needs, Scratch};

/// Number and share of the facets with 3 to 10 edges; volume and area of the cell; statistics of the volumes (of the
/// pyramids over the facets), areas and distances of its neighbours. Mean and standard deviation over sites.
///
/// matminer's `SiteStatsFingerprint(VoronoiFingerprint())`. Its numbers of facets and edges jump with the last digit of a
/// coordinate where planes of a symmetric crystal meet in one point: displacing atoms of rock salt by 1e-6 Å turns six
/// squares into fourteen facets of all sorts. With a tolerance, facets of less than that share of the largest facet's
/// area are not counted, nor are edges of less than that share of the facet's perimeter; volume and area of the cell are
/// those of the whole cell. Without one, and in matminer, facets of more than ten edges are left out of all sums.
struct VoronoiFingerprint {
    pooling: SitePooling,
    tolerance: Option<f64>,
}

/// Quantities of one site.
const WIDTH: usize = 30;

/// Numbers of edges that have a column.
const EDGES: std::ops::RangeInclusive<usize> = 3..=10;

/// Statistics of the facets of one site.
const FACET_STATISTICS: [SiteStatistic; 4] =
    [SiteStatistic::Mean, SiteStatistic::StdDev, SiteStatistic::Minimum, SiteStatistic::Maximum];

const DEFAULT_TOLERANCE: f64 = 0.01;

/// Builds `voronoi_fingerprint`; parameter `tolerance`, a share from 0 to 0.5.
pub(super) fn build(parameters: &serde_json::Value) -> Result<Box<dyn Descriptor>, DescriptorError> {
    const NAME: &str = "voronoi_fingerprint";
    let (pooling, mut rest) = SitePooling::take(NAME, parameters, MEAN_AND_DEVIATION)?;
    let mut tolerance = DEFAULT_TOLERANCE;
    if let Some(value) = rest.as_object_mut().and_then(|object| object.remove("tolerance")) {
        let refuse = || DescriptorError::Parameters {
            name: NAME.to_owned(),
            reason: format!("tolerance is {value}, expected a number from 0 to 0.5"),
        };
        tolerance = value.as_f64().filter(|value| (0.0..=0.5).contains(value)).ok_or_else(refuse)?;
    }
    no_others(NAME, &rest, &["tolerance"])?;
    Ok(Box::new(VoronoiFingerprint { pooling, tolerance: Some(tolerance) }))
}

/// Builds `voronoi_fingerprint_matminer`.
pub(super) fn build_matminer(parameters: &serde_json::Value) -> Result<Box<dyn Descriptor>, DescriptorError> {
    let pooling = SitePooling::alone("voronoi_fingerprint_matminer", parameters, MEAN_AND_DEVIATION)?;
    Ok(Box::new(VoronoiFingerprint { pooling, tolerance: None }))
}

impl Descriptor for VoronoiFingerprint {
    fn columns(&self) -> Vec<Column> {
        let plain = Unit::dimensionless();
        let unit = |text| Unit::parse(text).expect("a known unit");
        let [length, area, volume] = ["Å", "Å^2", "Å^3"].map(unit);
        let mut quantities = Vec::new();
        for name in ["Voro_index", "Symmetry_index"] {
            quantities.extend(EDGES.map(|edges| (format!("{name}_{edges}"), plain.clone())));
        }
        quantities.push(("Voro_vol_sum".to_owned(), volume.clone()));
        quantities.push(("Voro_area_sum".to_owned(), area.clone()));
        for (name, unit) in [("vol", volume), ("area", area), ("dist", length)] {
            quantities.extend(FACET_STATISTICS.map(|s| (format!("Voro_{name}_{s}"), unit.clone())));
        }
        self.pooling.columns(quantities)
    }

    fn needs(&self) -> Needs {
        Needs { structure: true, ..Needs::default() }
    }

    fn version(&self) -> u32 {
        1
    }

    fn references(&self) -> &'static [Reference] {
        &[
            Reference { doi: "10.1103/PhysRevLett.106.135503", taken: "indices and i-fold symmetry of Voronoi cells" },
            Reference { doi: "10.1038/s41467-019-13511-9", taken: "statistics of volumes, areas and distances" },
        ]
    }

    fn parameters(&self) -> serde_json::Value {
        self.pooling.parameters(match self.tolerance {
            Some(tolerance) => serde_json::json!({ "tolerance": tolerance }),
            None => serde_json::json!({}),
        })
    }

    fn describe(&self, candidate: &Candidate, scratch: &mut Scratch, out: &mut [f64]) -> Result<(), Fault> {
        let (structure, occupants) = ordered_structure(candidate)?;
        let voronoi = scratch.geometry.voronoi(structure).map_err(geometry_fault)?;
        scratch.site_values.clear();
        for site in 0..structure.len() {
            let start = scratch.site_values.len();
            scratch.site_values.resize(start + WIDTH, 0.0);
            self.fingerprint(voronoi, site, &mut scratch.site_values[start..]);
        }
        self.pooling.finish(structure, occupants, scratch, out)
    }
}

impl VoronoiFingerprint {
    fn fingerprint(&self, voronoi: &Voronoi, site: usize, out: &mut [f64]) {
        let largest = voronoi.of(site).iter().fold(0.0_f64, |largest, facet| largest.max(facet.area));
        let edges = |facet: &Facet| match self.tolerance {
            Some(tolerance) => num_long_edges(voronoi.vertices(facet), tolerance),
            None => facet.num_vertices as usize,
        };
        let least = largest * self.tolerance.unwrap_or(0.0);
        let counted = || {
            let facets = voronoi.of(site).iter().filter(|facet| facet.area >= least);
            facets.filter(|facet| EDGES.contains(&edges(facet)))
        };
        for facet in counted() {
            out[edges(facet) - EDGES.start()] += 1.0;
        }
        let count = counted().count() as f64;
        for place in 0..8 {
            out[8 + place] = out[place] / count;
        }
        let summed = |facet: &&Facet| self.tolerance.is_some() || EDGES.contains(&edges(facet));
        for facet in voronoi.of(site).iter().filter(summed) {
            out[16] += facet.volume();
            out[17] += facet.area;
        }
        if count == 0.0 {
            out[18..].fill(f64::NAN);
            return;
        }
        for (place, statistic) in FACET_STATISTICS.iter().enumerate() {
            out[18 + place] = statistic.of(counted().map(Facet::volume));
            out[22 + place] = statistic.of(counted().map(|facet| facet.area));
            out[26 + place] = statistic.of(counted().map(|facet| facet.distance));
        }
    }
}

/// Number of edges that are longer than a share of the perimeter.
fn num_long_edges(corners: &[[f64; 3]], share: f64) -> usize {
    let length = |place: usize| {
        let [a, b] = [corners[place], corners[(place + 1) % corners.len()]];
        let [x, y, z] = [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
        (x * x + y * y + z * z).sqrt()
    };
    let perimeter = (0..corners.len()).fold(0.0, |sum, place| sum + length(place));
    (0..corners.len()).filter(|&place| length(place) >= share * perimeter).count()
}
