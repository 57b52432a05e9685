//! The member that predicts as an ONNX graph does.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::pool::Pool;
use super::runtime::{self, Session};
use super::signature::{Answered, Element, Inputs};
use crate::candidate::Rows;
use crate::surrogate::import::{About, Answer, ImportError};
use crate::surrogate::tensors::{TensorError, Tensors};

/// Most features: what a model file may have columns.
const MAX_WIDTH: usize = 32_767;
/// Tensor of the file's bytes.
const GRAPH: &str = "graph";

/// What a card says of a network in an ONNX file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OnnxSpec {
    /// Runtime at the import.
    pub runtime: String,
    /// Names of the inputs: one for the whole row, or one a feature.
    pub inputs: Vec<String>,
    /// Type of the inputs' numbers.
    pub element: Element,
    /// Number of features.
    pub width: usize,
    /// Output that holds the prediction.
    pub output: String,
    /// Its column.
    pub column: usize,
    /// Bytes of the file.
    pub bytes: usize,
}

/// What a user may say of a graph.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OnnxRequest {
    /// Output that holds the prediction; the only one where `None`.
    pub output: Option<String>,
    /// Its column; the only one, or that of the second class, where `None`.
    pub column: Option<usize>,
}

/// A network, ready to predict.
#[derive(Clone)]
pub struct Onnx {
    spec: OnnxSpec,
    graph: Arc<[u8]>,
    sessions: Arc<Pool<Session>>,
}

impl std::fmt::Debug for Onnx {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Onnx").field("spec", &self.spec).finish_non_exhaustive()
    }
}

impl Onnx {
    /// Whether a file may be an ONNX graph: protocol buffers whose first field is the version of the representation.
    pub fn is_onnx(bytes: &[u8]) -> bool {
        matches!(bytes, [0x08, 1..=30, 0x12 | 0x1a | 0x22 | 0x28 | 0x32 | 0x3a | 0x42, ..])
    }

    /// Understands a file; also says what it holds.
    ///
    /// # Errors
    /// The runtime cannot be loaded or refuses the file; inputs that are no features, outputs that are no prediction.
    pub fn read(graph: Vec<u8>, request: &OnnxRequest) -> Result<(Self, About), ImportError> {
        let mut session = runtime::open(&graph).map_err(runtime_error)?;
        let mut signature = session.signature().map_err(runtime_error)?;
        let Inputs { names, element, width } = signature.features()?;
        if width > MAX_WIDTH {
            let (part, found, limit) = ("number of features".to_owned(), width as u64, MAX_WIDTH as u64);
            return Err(ImportError::TooLarge { part, found, limit });
        }
        signature.outputs = session.outputs_of(&vec![0.0; width], element, &names).map_err(runtime_error)?;
        let (features, has_names) = signature.names(&Inputs { names: names.clone(), element, width })?;
        let Answered { output, column, is_probability } =
            signature.answer(request.output.as_deref(), request.column)?;
        let about = About {
            format: "ONNX".into(),
            features,
            has_names,
            answer: if is_probability { Answer::Probability(None) } else { Answer::Number },
            // Nothing but the user says what a number of a graph is.
            may_be_probability: true,
            notes: vec![format!("predicts output \"{output}\", column {column}")],
        };
        let spec =
            OnnxSpec { runtime: runtime::version(), inputs: names, element, width, output, column, bytes: graph.len() };
        Ok((Self { spec, graph: graph.into(), sessions: Arc::new(Pool::of(session)) }, about))
    }

    /// What its card says.
    pub fn spec(&self) -> &OnnxSpec {
        &self.spec
    }

    /// Number of columns that it reads.
    pub fn width(&self) -> usize {
        self.spec.width
    }

    /// Predicts every row: the number at its place of the output. A row's bits depend on that row only; a row that the runtime
    /// cannot compute is NaN.
    pub fn predict(&self, rows: Rows<'_>, out: &mut [f64]) {
        out.fill(f64::NAN);
        let mut session = self.sessions.take(|| runtime::open(&self.graph).ok());
        let mut row = vec![0.0; self.spec.width];
        for (number, out) in out.iter_mut().enumerate() {
            rows.gather(number, &mut row);
            *out = session
                .run(&row, self.spec.element, (&self.spec.inputs, &self.spec.output, self.spec.column))
                .unwrap_or(f64::NAN);
        }
    }

    /// Its tensors: the file itself.
    pub fn tensors(&self) -> Tensors {
        let mut tensors = Tensors::default();
        tensors.push_u8(GRAPH, &self.graph);
        tensors
    }

    /// Reads it back and runs it once.
    ///
    /// # Errors
    /// The runtime cannot be loaded or refuses the graph; a graph that is not that of the card.
    pub fn from_tensors(spec: &OnnxSpec, tensors: &Tensors) -> Result<Self, TensorError> {
        let graph = tensors.u8s(GRAPH)?;
        let differs = |what: &str| TensorError::invalid(GRAPH, format!("{what} are not those of the card"));
        if graph.len() != spec.bytes {
            return Err(differs("its bytes"));
        }
        let mut session = runtime::open(&graph).map_err(TensorError::Runtime)?;
        let signature = session.signature().map_err(TensorError::Runtime)?;
        let inputs = signature.features().map_err(|error| TensorError::invalid(GRAPH, error.to_string()))?;
        if (&inputs.names, inputs.element, inputs.width) != (&spec.inputs, spec.element, spec.width) {
            return Err(differs("its inputs"));
        }
        let row = vec![0.0; spec.width];
        session
            .run(&row, spec.element, (&spec.inputs, &spec.output, spec.column))
            .map_err(|error| TensorError::invalid(GRAPH, format!("it does not run: {error}")))?;
        Ok(Self { spec: spec.clone(), graph: graph.into(), sessions: Arc::new(Pool::of(session)) })
    }
}

fn runtime_error(reason: String) -> ImportError {
    ImportError::Runtime { reason }
}
