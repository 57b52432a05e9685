//! A trained attention member.

use matsieve_kernels::dispatch::Level;
use matsieve_kernels::networks::{SetNetworkShape, SetNetworkState};

use crate::candidate::Rows;

use super::super::member::MemberPrediction;
use super::super::networks::{Averages, TargetScale, finite};
use super::super::tensors::{TensorError, Tensors};
use super::super::trees::Objective;
use super::elements::NUM_KINDS;
use super::fit::AttentionParameters;
use super::sets::{self, Batch, ElementColumn, ElementSets};

/// Rows predicted at once.
const BLOCK: usize = 256;

/// Networks over the elements of a composition.
#[derive(Clone, Debug)]
pub struct Attention {
    width: usize,
    columns: Vec<ElementColumn>,
    scale: TargetScale,
    member: Member,
    networks: Vec<Vec<f32>>,
}

/// What the networks of a member have in common.
#[derive(Clone, Debug)]
pub(super) struct Member {
    pub(super) shape: SetNetworkShape,
    pub(super) objective: Objective,
    pub(super) properties: Vec<f32>,
    pub(super) num_properties: usize,
}

impl Attention {
    pub(super) fn new(
        width: usize,
        columns: Vec<ElementColumn>,
        scale: TargetScale,
        member: Member,
        networks: Vec<Vec<f32>>,
    ) -> Self {
        Self { width, columns, scale, member, networks }
    }

    /// Number of columns that it reads.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Predicts every row; the bits of a row depend on that row only.
    pub fn predict(&self, rows: Rows<'_>, out: &mut MemberPrediction) {
        let level = Level::best();
        let (mut sets, mut batch) = (ElementSets::default(), Batch::default());
        let (mut state, mut row) = (SetNetworkState::default(), vec![0.0; self.width]);
        let properties = (self.member.properties.as_slice(), self.member.num_properties);
        let mut averages = Averages::default();
        let mut start = 0;
        while start < rows.len() {
            let block = rows.slice(start..rows.len().min(start + BLOCK));
            sets.clear();
            for number in 0..block.len() {
                block.gather(number, &mut row);
                sets.push(&self.columns, &row);
            }
            sets.fill(0..block.len(), properties, || 1.0, &mut batch);
            averages.begin(block.len(), self.member.objective);
            for parameters in &self.networks {
                averages.add(self.member.shape.forward(level, parameters, batch.view(), &[], &mut state));
            }
            averages.finish(self.networks.len(), self.scale, out);
            start += BLOCK;
        }
    }

    /// The member as tensors.
    pub fn tensors(&self) -> Tensors {
        let mut tensors = Tensors::default();
        tensors.push_u32("width", &[self.width as u32]);
        tensors.push_f64("scale", &[self.scale.center, self.scale.unit]);
        tensors.push_f32("properties", &self.member.properties);
        for (number, parameters) in self.networks.iter().enumerate() {
            tensors.push_f32(format!("network{number}"), parameters);
        }
        tensors
    }

    /// Reads a member back.
    ///
    /// # Errors
    /// If a tensor is missing or contradicts another or the parameters; nothing is trusted.
    pub fn from_tensors(
        columns: &[ElementColumn],
        parameters: &AttentionParameters,
        objective: Objective,
        tensors: &Tensors,
    ) -> Result<Self, TensorError> {
        if !parameters.are_valid() {
            return Err(TensorError::invalid("network0", "parameters outside their ranges"));
        }
        let [width] = tensors.u32s("width")?[..] else {
            return Err(TensorError::invalid("width", "expected 1 element"));
        };
        let width = width as usize;
        if !sets::are_valid(columns, width) {
            return Err(TensorError::invalid("width", "columns of elements do not fit"));
        }
        let scale = TargetScale::read(tensors)?;
        let num_properties = tensors.get("properties")?.data.len() / size_of::<f32>() / NUM_KINDS;
        if num_properties > 1024 {
            return Err(TensorError::invalid("properties", "more than 1024 properties"));
        }
        let properties = finite(tensors, "properties", num_properties * NUM_KINDS)?;
        let shape = parameters.shape(num_properties, objective);
        let read = |number: usize| finite(tensors, &format!("network{number}"), shape.num_parameters());
        let networks = (0..parameters.num_networks).map(read).collect::<Result<_, _>>()?;
        let member = Member { shape, objective, properties, num_properties };
        Ok(Self { width, columns: columns.to_vec(), scale, member, networks })
    }
}
