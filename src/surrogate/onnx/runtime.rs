//! The library ONNX Runtime: found when first needed, asked for one row at a time.

use std::path::PathBuf;
use std::sync::OnceLock;

use ort::environment::Environment;
use ort::logging::LogLevel;
use ort::session::builder::GraphOptimizationLevel;
use ort::session::{Session as Inner, SessionInputValue, SessionOutputs};
use ort::value::{TensorElementType, TensorRef, ValueRef, ValueType};

use super::signature::{Element, Kind, Port, Signature};

/// Names the library; without it the system's loader looks for it under its usual name.
const PATH: &str = "ORT_DYLIB_PATH";
/// Key of the metadata under which a file may name its features.
const FEATURE_NAMES: &str = "feature_names";

static ENVIRONMENT: OnceLock<Result<Environment, String>> = OnceLock::new();

/// A graph, ready to run on one thread.
pub(super) struct Session(Inner);

fn environment() -> Result<&'static Environment, String> {
    let load = || {
        let path = std::env::var_os(PATH).filter(|path| !path.is_empty()).map(PathBuf::from);
        let name = format!("{}onnxruntime{}", std::env::consts::DLL_PREFIX, std::env::consts::DLL_SUFFIX);
        let builder = ort::init_from(path.unwrap_or_else(|| name.into())).map_err(|error| error.to_string())?;
        builder.with_name("matsieve").with_telemetry(false).build().map_err(|error| error.to_string())
    };
    ENVIRONMENT.get_or_init(load).as_ref().map_err(|reason| {
        format!("ONNX Runtime cannot be loaded: {reason}; {PATH} names its library, libonnxruntime.so of 1.17 or later")
    })
}

/// What the library says of itself.
pub(super) fn version() -> String {
    let info = ort::info();
    let commit = info.split("git-commit-id=").nth(1).and_then(|rest| rest.split(',').next()).unwrap_or("unknown");
    let branch = info.split("git-branch=").nth(1).and_then(|rest| rest.split(',').next()).unwrap_or("unknown");
    format!("ONNX Runtime {branch} (commit {commit})")
}

/// Opens a graph. Rewritings stop at those that are the same on all processors.
pub(super) fn open(graph: &[u8]) -> Result<Session, String> {
    let environment = environment()?;
    let open = || -> ort::Result<Inner> {
        Inner::builder(environment)?
            .with_optimization_level(GraphOptimizationLevel::Level1)?
            .with_intra_threads(1)?
            .with_inter_threads(1)?
            .with_deterministic_compute(true)?
            .with_log_level(LogLevel::Error)?
            .commit_from_memory(graph)
    };
    open().map(Session).map_err(|error| error.to_string())
}

fn port(name: &str, kind: &ValueType) -> Port {
    let kind = match kind {
        ValueType::Tensor { ty: TensorElementType::Float32, shape, .. } => Kind::Real(Element::F32, shape.to_vec()),
        ValueType::Tensor { ty: TensorElementType::Float64, shape, .. } => Kind::Real(Element::F64, shape.to_vec()),
        ValueType::Tensor { ty, shape, .. } => Kind::Other(format!("{ty:?} {:?}", shape.to_vec())),
        ValueType::Sequence(_) => Kind::Other("a sequence".into()),
        ValueType::Map { .. } => Kind::Other("a map".into()),
        ValueType::Optional(_) => Kind::Other("an optional value".into()),
    };
    Port { name: name.into(), kind }
}

impl Session {
    /// What the graph takes and gives.
    pub(super) fn signature(&self) -> Result<Signature, String> {
        let metadata = self.0.metadata().map_err(|error| error.to_string())?;
        Ok(Signature {
            inputs: self.0.inputs().iter().map(|input| port(input.name(), input.dtype())).collect(),
            outputs: self.0.outputs().iter().map(|output| port(output.name(), output.dtype())).collect(),
            feature_names: metadata.custom(FEATURE_NAMES),
        })
    }

    /// The outputs for one row: all of their numbers are columns. Converters declare shapes that their graphs do not keep
    /// (skl2onnx: one column for two targets), and these put the columns of one row below one another.
    pub(super) fn outputs_of(&mut self, row: &[f64], element: Element, inputs: &[String]) -> Result<Vec<Port>, String> {
        self.with_outputs(row, element, inputs, |outputs| {
            let port = |(name, value): (&str, ValueRef<'_>)| {
                let kind = match (value.try_extract_tensor::<f32>(), value.try_extract_tensor::<f64>()) {
                    (Ok((_, numbers)), _) => Kind::Real(Element::F32, vec![1, numbers.len() as i64]),
                    (_, Ok((_, numbers))) => Kind::Real(Element::F64, vec![1, numbers.len() as i64]),
                    _ => return self::port(name, value.dtype()),
                };
                Port { name: name.into(), kind }
            };
            Ok(outputs.iter().map(port).collect())
        })
    }

    /// The number in a column of an output for one row; the names are those of the inputs.
    pub(super) fn run(
        &mut self,
        row: &[f64],
        element: Element,
        (inputs, output, column): (&[String], &str, usize),
    ) -> Result<f64, String> {
        self.with_outputs(row, element, inputs, |outputs| {
            let Some(found) = outputs.get(output) else {
                return Err(ort::Error::new(format!("output \"{output}\" is not there")));
            };
            let value = match found.try_extract_tensor::<f32>() {
                Ok((_, numbers)) => numbers.get(column).map(|&value| f64::from(value)),
                Err(_) => found.try_extract_tensor::<f64>()?.1.get(column).copied(),
            };
            value.ok_or_else(|| ort::Error::new(format!("output \"{output}\" has no column {column}")))
        })
    }

    fn with_outputs<T>(
        &mut self,
        row: &[f64],
        element: Element,
        inputs: &[String],
        take: impl FnOnce(&SessionOutputs<'_>) -> ort::Result<T>,
    ) -> Result<T, String> {
        let singles: Vec<f32> = match element {
            Element::F32 => row.iter().map(|&value| value as f32).collect(),
            Element::F64 => Vec::new(),
        };
        let width = row.len() / inputs.len();
        let run = || -> ort::Result<T> {
            let mut values: Vec<(&str, SessionInputValue<'_>)> = Vec::with_capacity(inputs.len());
            for (number, name) in inputs.iter().enumerate() {
                let range = number * width..(number + 1) * width;
                let value: SessionInputValue<'_> = match element {
                    Element::F32 => TensorRef::from_array_view(([1, width], &singles[range]))?.into(),
                    Element::F64 => TensorRef::from_array_view(([1, width], &row[range]))?.into(),
                };
                values.push((name, value));
            }
            take(&self.0.run(values)?)
        };
        run().map_err(|error| error.to_string())
    }
}
