//! A trained member of dense networks.

use matsieve_kernels::dispatch::Level;
use matsieve_kernels::networks::{DenseShape, DenseState};

use crate::candidate::Rows;

use super::super::member::MemberPrediction;
use super::super::networks::{Averages, TargetScale, finite};
use super::super::tensors::{TensorError, Tensors};
use super::super::trees::Objective;
use super::columns::ScaledColumns;
use super::fit::NetworkParameters;

/// Rows predicted at once.
const BLOCK: usize = 256;

/// Dense networks on scaled columns.
#[derive(Clone, Debug)]
pub struct Network {
    width: usize,
    columns: ScaledColumns,
    scale: TargetScale,
    objective: Objective,
    networks: Vec<One>,
}

/// One network: it sees the first of the columns.
#[derive(Clone, Debug)]
struct One {
    shape: DenseShape,
    parameters: Vec<f32>,
}

impl Network {
    pub(super) fn new(
        width: usize,
        columns: ScaledColumns,
        scale: TargetScale,
        objective: Objective,
        parameters: NetworkParameters,
        networks: Vec<Vec<f32>>,
    ) -> Self {
        let shapes = shapes(&parameters, &columns, objective);
        let networks = shapes.zip(networks).map(|(shape, parameters)| One { shape, parameters }).collect();
        Self { width, columns, scale, objective, networks }
    }

    /// Number of columns that it reads.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Predicts every row; the bits of a row depend on that row only.
    pub fn predict(&self, rows: Rows<'_>, out: &mut MemberPrediction) {
        let level = Level::best();
        let all = self.columns.num_inputs();
        let (mut row, mut inputs, mut own) = (vec![0.0; self.width], Vec::new(), Vec::new());
        let (mut state, mut averages) = (DenseState::default(), Averages::default());
        let mut start = 0;
        while start < rows.len() {
            let block = rows.slice(start..rows.len().min(start + BLOCK));
            inputs.clear();
            for number in 0..block.len() {
                block.gather(number, &mut row);
                self.columns.push(&row, &mut inputs);
            }
            averages.begin(block.len(), self.objective);
            for network in &self.networks {
                own.clear();
                for row in inputs.chunks_exact(all) {
                    own.extend_from_slice(&row[..network.shape.inputs()]);
                }
                averages.add(network.shape.forward(level, &network.parameters, &own, &[], &mut state));
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
        self.columns.write(&mut tensors);
        for (number, network) in self.networks.iter().enumerate() {
            tensors.push_f32(format!("network{number}"), &network.parameters);
        }
        tensors
    }

    /// Reads a member back.
    ///
    /// # Errors
    /// If a tensor is missing or contradicts another or the parameters; nothing is trusted.
    pub fn from_tensors(
        parameters: &NetworkParameters,
        objective: Objective,
        tensors: &Tensors,
    ) -> Result<Self, TensorError> {
        if !parameters.are_valid() {
            return Err(TensorError::invalid("network0", "parameters outside their ranges"));
        }
        let [width] = tensors.u32s("width")?[..] else {
            return Err(TensorError::invalid("width", "expected 1 element"));
        };
        let columns = ScaledColumns::read(tensors, width as usize)?;
        if columns.0.is_empty() {
            return Err(TensorError::invalid("column", "expected at least 1 element"));
        }
        let scale = TargetScale::read(tensors)?;
        let networks = shapes(parameters, &columns, objective)
            .enumerate()
            .map(|(number, shape)| {
                let parameters = finite(tensors, &format!("network{number}"), shape.num_parameters())?;
                Ok(One { shape, parameters })
            })
            .collect::<Result<_, TensorError>>()?;
        Ok(Self { width: width as usize, columns, scale, objective, networks })
    }
}

/// Shapes of all networks.
fn shapes<'a>(
    parameters: &'a NetworkParameters,
    columns: &'a ScaledColumns,
    objective: Objective,
) -> impl Iterator<Item = DenseShape> + 'a {
    (0..parameters.num_networks).map(move |number| {
        let seen = &columns.0[..parameters.num_columns(number, columns.0.len())];
        parameters.shape(ScaledColumns(seen.to_vec()).num_inputs(), objective)
    })
}
