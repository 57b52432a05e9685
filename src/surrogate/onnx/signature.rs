//! What a graph takes and gives, and which of it is features and prediction.

use serde::{Deserialize, Serialize};

use crate::surrogate::import::ImportError;

/// Type of the numbers of a tensor.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Element {
    /// IEEE 754 binary32.
    F32,
    /// IEEE 754 binary64.
    F64,
}

/// An input or output of a graph.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Port {
    pub(super) name: String,
    pub(super) kind: Kind,
}

/// What passes through a port.
#[cfg_attr(not(any(feature = "onnx", test)), expect(dead_code, reason = "only a runtime knows ports"))]
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Kind {
    /// Real numbers; a length of −1 is free.
    Real(Element, Vec<i64>),
    /// Something else, in words.
    Other(String),
}

/// Inputs, outputs and names of the features, where the file has them.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Signature {
    pub(super) inputs: Vec<Port>,
    pub(super) outputs: Vec<Port>,
    pub(super) feature_names: Option<String>,
}

/// Names of the inputs and the number of features that they take together.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Inputs {
    pub(super) names: Vec<String>,
    pub(super) element: Element,
    pub(super) width: usize,
}

/// Where the prediction is.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Answered {
    pub(super) output: String,
    pub(super) column: usize,
    /// Whether it is the second of two columns beside labels: a probability.
    pub(super) is_probability: bool,
}

impl Signature {
    /// One matrix of features, or one column for each of them.
    ///
    /// # Errors
    /// Anything else.
    pub(super) fn features(&self) -> Result<Inputs, ImportError> {
        let way_out = "export the model with one input of shape [rows, features], rows free, or with one of shape [rows, 1] for \
             each feature";
        let wrong = |what: String| ImportError::Unsupported { what, way_out };
        let mut found: Option<Inputs> = None;
        for port in &self.inputs {
            let Kind::Real(element, shape) = &port.kind else {
                return Err(wrong(format!("input \"{}\" is {}", port.name, port.kind)));
            };
            let [rows, columns] = shape[..] else {
                return Err(wrong(format!("input \"{}\" is {}", port.name, port.kind)));
            };
            if !(rows == -1 || rows == 1) || columns < 1 || (self.inputs.len() > 1 && columns != 1) {
                return Err(wrong(format!("input \"{}\" is {}", port.name, port.kind)));
            }
            let width = usize::try_from(columns).unwrap_or(usize::MAX);
            match &mut found {
                None => found = Some(Inputs { names: vec![port.name.clone()], element: *element, width }),
                Some(inputs) if inputs.element == *element => {
                    inputs.names.push(port.name.clone());
                    inputs.width += 1;
                }
                Some(_) => return Err(wrong("the inputs are of different types".into())),
            }
        }
        found.ok_or_else(|| wrong("the graph has no input".into()))
    }

    /// The features' names: those of the file, those of the inputs, or their numbers; and whether somebody gave them.
    ///
    /// # Errors
    /// Names in the file that are no list of as many texts as there are features.
    pub(super) fn names(&self, inputs: &Inputs) -> Result<(Vec<String>, bool), ImportError> {
        if let Some(text) = &self.feature_names {
            let names: Vec<String> = serde_json::from_str(text).map_err(|error| {
                ImportError::at("metadata feature_names", format!("{error}; expected a JSON list of names"))
            })?;
            return match names.len() == inputs.width {
                true => Ok((names, true)),
                false => {
                    let reason = format!("{} names for {} features", names.len(), inputs.width);
                    Err(ImportError::at("metadata feature_names", reason))
                }
            };
        }
        Ok(match inputs.names.len() {
            1 => ((0..inputs.width).map(|number| number.to_string()).collect(), false),
            _ => (inputs.names.clone(), true),
        })
    }

    /// The output that is the prediction.
    ///
    /// # Errors
    /// No or several such outputs or columns, a name or number that is not there.
    pub(super) fn answer(&self, output: Option<&str>, column: Option<usize>) -> Result<Answered, ImportError> {
        let wrong = |reason: String, way_out| ImportError::Request { reason, way_out: Some(way_out) };
        let listed =
            || self.outputs.iter().map(|port| format!("\"{}\" ({})", port.name, port.kind)).collect::<Vec<_>>();
        let columns = |port: &Port| match &port.kind {
            Kind::Real(_, shape) => match shape[..] {
                [_] | [_, 1] => Some(1),
                [_, columns] if columns > 0 => usize::try_from(columns).ok(),
                _ => None,
            },
            Kind::Other(_) => None,
        };
        let fitting: Vec<&Port> = match output {
            Some(name) => self.outputs.iter().filter(|port| port.name == name && columns(port).is_some()).collect(),
            None => self.outputs.iter().filter(|port| columns(port).is_some()).collect(),
        };
        let [port] = fitting[..] else {
            let reason = format!("the graph gives {}, which of it is the prediction?", listed().join(", "));
            let way_out = "name an output of shape [rows] or [rows, columns] with --graph-output; a classifier of scikit-learn is \
                 converted with options={\"zipmap\": False}";
            return Err(wrong(reason, way_out));
        };
        let count = columns(port).unwrap_or(1);
        let beside_labels = count == 2 && self.outputs.iter().any(|port| matches!(port.kind, Kind::Other(_)));
        let column = match (column, count) {
            (Some(column), count) if column < count => column,
            (None, 1) => 0,
            (None, 2) if beside_labels => 1,
            (Some(column), count) => {
                let reason = format!("column {column} of output \"{}\", which has {count}", port.name);
                return Err(wrong(reason, "columns are counted from 0"));
            }
            (None, count) => {
                let reason = format!("output \"{}\" has {count} columns", port.name);
                return Err(wrong(reason, "say which one with --graph-column, counted from 0"));
            }
        };
        Ok(Answered { output: port.name.clone(), column, is_probability: beside_labels })
    }
}

impl std::fmt::Display for Kind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Real(element, shape) => {
                let name = match element {
                    Element::F32 => "float",
                    Element::F64 => "double",
                };
                let lengths: Vec<String> =
                    shape.iter().map(|&n| if n < 0 { "?".to_owned() } else { n.to_string() }).collect();
                write!(f, "{name} [{}]", lengths.join(", "))
            }
            Self::Other(words) => f.write_str(words),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn port(name: &str, shape: &[i64]) -> Port {
        Port { name: name.into(), kind: Kind::Real(Element::F32, shape.to_vec()) }
    }

    fn labels() -> Port {
        Port { name: "label".into(), kind: Kind::Other("Int64 [?]".into()) }
    }

    #[test]
    fn a_matrix_or_one_column_a_feature_are_features() {
        let matrix = Signature { inputs: vec![port("x", &[-1, 3])], ..Signature::default() };
        let inputs = matrix.features().expect("a matrix");
        assert_eq!((inputs.width, matrix.names(&inputs)), (3, Ok((vec!["0".into(), "1".into(), "2".into()], false))));
        let columns = Signature { inputs: vec![port("a", &[-1, 1]), port("b", &[1, 1])], ..Signature::default() };
        let inputs = columns.features().expect("columns");
        assert_eq!((inputs.width, columns.names(&inputs)), (2, Ok((vec!["a".into(), "b".into()], true))));
        for inputs in [
            vec![],
            vec![labels()],
            vec![port("x", &[-1, -1])],
            vec![port("x", &[4, 3])],
            vec![port("x", &[3])],
            vec![port("x", &[-1, 3]), port("y", &[-1, 1])],
        ] {
            let error = Signature { inputs, ..Signature::default() }.features().expect_err("no features");
            assert!(error.hint().is_some_and(|hint| hint.contains("[rows, features]")), "{error}");
        }
    }

    #[test]
    fn names_of_the_file_are_as_many_as_features() {
        let mut signature = Signature { inputs: vec![port("x", &[-1, 2])], ..Signature::default() };
        let inputs = signature.features().expect("a matrix");
        signature.feature_names = Some("[\"a\", \"b\"]".into());
        assert_eq!(signature.names(&inputs), Ok((vec!["a".into(), "b".into()], true)));
        for text in ["[\"a\"]", "a,b", "[1, 2]"] {
            signature.feature_names = Some(text.into());
            assert!(signature.names(&inputs).expect_err("refused").to_string().contains("feature_names"));
        }
    }

    #[test]
    fn the_prediction_is_found_or_asked_for() {
        let one = Signature { outputs: vec![port("y", &[-1, 1])], ..Signature::default() };
        assert_eq!(one.answer(None, None).map(|found| (found.column, found.is_probability)), Ok((0, false)));
        let classes = Signature { outputs: vec![labels(), port("p", &[-1, 2])], ..Signature::default() };
        assert_eq!(classes.answer(None, None).map(|found| (found.column, found.is_probability)), Ok((1, true)));
        let many = Signature { outputs: vec![port("y", &[-1, 4])], ..Signature::default() };
        assert_eq!(many.answer(None, Some(2)).map(|found| found.column), Ok(2));
        for (signature, output, column) in [
            (&many, None, None),
            (&many, None, Some(4)),
            (&many, Some("z"), Some(0)),
            (&Signature { outputs: vec![labels()], ..Signature::default() }, None, None),
            (&Signature { outputs: vec![port("a", &[-1]), port("b", &[-1])], ..Signature::default() }, None, None),
        ] {
            assert!(signature.answer(output, column).is_err());
        }
    }
}
