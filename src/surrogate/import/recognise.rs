//! What a file is, by its content; names tell nothing.

use std::io::Read;
use std::path::Path;

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::error::ImportError;
use super::foreign::Foreign;
use super::values::Tag;
use super::{catboost, lightgbm, sklearn, xgboost};
use crate::surrogate::SurrogateError;
use crate::surrogate::onnx::Onnx;

/// Largest file that is read: models of gigabytes are no surrogates of screens.
const MAX_FILE: u64 = 1 << 30;

/// Formats that can run code, or that need their own library to be read.
struct Foe {
    what: &'static str,
    way_out: &'static str,
}

const PICKLE_WAY_OUT: &str = "export it where it was trained: scikit-learn with scripts/export_sklearn.py, LightGBM with \
     booster.save_model(\"model.txt\"), XGBoost with booster.save_model(\"model.json\"); never open pickles of strangers";
const NETWORK_WAY_OUT: &str = "export the network to ONNX (torch.onnx.export, tf2onnx, skl2onnx), or predict with its own program and \
     let a plan carry the predictions as a column of its table ([source] columns)";

/// What a file holds.
#[derive(Clone, Debug, PartialEq)]
pub enum Content {
    /// Trees.
    Trees(Foreign),
    /// The bytes of an ONNX graph.
    Graph(Vec<u8>),
}

/// Reads the model of a file; also gives its SHA-256.
///
/// # Errors
/// The file cannot be read, is too large, is no known format, can run code, or makes no sense.
pub fn read(path: &Path) -> Result<(Content, String), SurrogateError> {
    let io = |source| SurrogateError::Io { action: "read", path: path.into(), source };
    let file = std::fs::File::open(path).map_err(io)?;
    let size = file.metadata().map_err(io)?.len();
    let wrong = |source| SurrogateError::Import { path: path.into(), source };
    let too_large = |found| wrong(ImportError::TooLarge { part: "bytes of the file".into(), found, limit: MAX_FILE });
    if size > MAX_FILE {
        return Err(too_large(size));
    }
    let mut bytes = Vec::new();
    // A pipe or a growing file may deliver more than its metadata says.
    file.take(MAX_FILE + 1).read_to_end(&mut bytes).map_err(io)?;
    if bytes.len() as u64 > MAX_FILE {
        return Err(too_large(bytes.len() as u64));
    }
    let sha256 = crate::surrogate::file::sha256(&bytes);
    if Onnx::is_onnx(&bytes) {
        return Ok((Content::Graph(bytes), sha256));
    }
    Ok((Content::Trees(read_bytes(&bytes).map_err(wrong)?), sha256))
}

/// Trees from memory.
///
/// # Errors
/// As [`read`].
pub fn read_bytes(bytes: &[u8]) -> Result<Foreign, ImportError> {
    if let Some(foe) = foe(bytes) {
        return Err(ImportError::Refused { what: foe.what.into(), way_out: foe.way_out });
    }
    let start = bytes.iter().position(|byte| !byte.is_ascii_whitespace()).unwrap_or(bytes.len());
    let rest = &bytes[start..];
    if rest.starts_with(b"tree\n") || rest.starts_with(b"tree\r\n") {
        let text = std::str::from_utf8(rest)
            .map_err(|error| ImportError::at(format!("byte {}", start + error.valid_up_to()), "no UTF-8"))?;
        return lightgbm::read(text);
    }
    if rest.first() == Some(&b'{') {
        let second = rest[1..].iter().find(|byte| !byte.is_ascii_whitespace());
        return match second {
            Some(b'"' | b'}') | None => json(rest),
            Some(_) if xgboost::is_ubjson(rest) => xgboost::read_ubjson(rest),
            Some(_) => Err(unrecognised(bytes)),
        };
    }
    Err(unrecognised(bytes))
}

fn json(bytes: &[u8]) -> Result<Foreign, ImportError> {
    /// The keys by which documents differ.
    #[derive(Deserialize)]
    struct Keys {
        #[serde(default)]
        format: Tag,
        learner: Option<IgnoredAny>,
        features_info: Option<IgnoredAny>,
        tree_info: Option<IgnoredAny>,
    }
    let keys: Keys = serde_json::from_slice(bytes).map_err(json_error)?;
    match keys {
        Keys { format: Tag(Some(format)), .. } if format == sklearn::FORMAT => sklearn::read(bytes),
        Keys { learner: Some(_), .. } => xgboost::read_json(bytes),
        Keys { features_info: Some(_), .. } => catboost::read(bytes),
        Keys { tree_info: Some(_), .. } => Err(ImportError::Unsupported {
            what: "LightGBM's JSON, which has lost the last digits of some numbers".into(),
            way_out: "save the model with booster.save_model(\"model.txt\")",
        }),
        Keys { .. } => Err(unrecognised(bytes)),
    }
}

/// What is wrong with JSON, and where.
pub(super) fn json_error(error: serde_json::Error) -> ImportError {
    let text = error.to_string();
    let reason = text.split(" at line ").next().unwrap_or_default().to_owned();
    ImportError::at(format!("line {}, column {}", error.line(), error.column()), reason)
}

fn unrecognised(bytes: &[u8]) -> ImportError {
    let head = &bytes[..bytes.len().min(16)];
    ImportError::Unrecognised { head: format!("\"{}\"", head.escape_ascii()) }
}

fn foe(bytes: &[u8]) -> Option<Foe> {
    let pickle = Some(Foe { what: "a Python pickle: such files can run code", way_out: PICKLE_WAY_OUT });
    let compressed = "a compressed file, most likely a pickle of joblib: such files can run code";
    let head = |len: usize| &bytes[..bytes.len().min(len)];
    let contains = |word: &[u8]| head(1 << 16).windows(word.len()).any(|window| window == word);
    match bytes {
        [0x80, 1..=8, ..] => pickle,
        // The text protocol: globals, marks and containers, and the word that every estimator leaves.
        [b'(' | b'c' | b']' | b'}', ..] if contains(b"copy_reg") || contains(b"sklearn") || contains(b"__main__") => {
            pickle
        }
        [b'P', b'K', 3 | 5, ..] if contains(b"data.pkl") || contains(b"archive/") || contains(b"constants.pkl") => {
            let what = "a PyTorch archive: its pickle can run code";
            Some(Foe { what, way_out: NETWORK_WAY_OUT })
        }
        [b'P', b'K', 3 | 5, ..] if contains(b"schema.json") => {
            Some(Foe { what: "a skops file, which only Python can take apart", way_out: PICKLE_WAY_OUT })
        }
        [b'P', b'K', 3 | 5, ..] => {
            Some(Foe { what: "a zip archive", way_out: "unpack it and import the model inside" })
        }
        [0x1f, 0x8b, ..]
        | [b'B', b'Z', b'h', ..]
        | [0xfd, b'7', b'z', ..]
        | [0x5d, 0, 0, ..]
        | [0x28, 0xb5, 0x2f, 0xfd, ..]
        | [0x04, 0x22, 0x4d, 0x18, ..]
        | [0x78, 0x01 | 0x5e | 0x9c | 0xda, ..] => {
            let way_out = "unpack it; a pickle of joblib has to be exported where it was trained, scikit-learn with \
                 scripts/export_sklearn.py";
            Some(Foe { what: compressed, way_out })
        }
        [b'C', b'B', b'M', b'1', ..] => Some(Foe {
            what: "CatBoost's binary format",
            way_out: "save the model with model.save_model(\"model.json\", format=\"json\")",
        }),
        [b'b', b'i', b'n', b'f', ..] | [b'b', b's', b'6', b'4', ..] => Some(Foe {
            what: "XGBoost's old binary format",
            way_out: "load it with XGBoost 1 to 2 and save it with booster.save_model(\"model.json\")",
        }),
        [0x89, b'H', b'D', b'F', ..] => Some(Foe { what: "HDF5, Keras weights perhaps", way_out: NETWORK_WAY_OUT }),
        [b'M', b'S', b'M', b'O', b'D', b'E', b'L', ..] => Some(Foe {
            what: "a model file of matsieve itself",
            way_out: "use it as it is: `matsieve model card FILE`, `matsieve predict FILE …`",
        }),
        _ if bytes.len() > 9 && bytes[8] == b'{' && contains(b"\"dtype\"") && contains(b"data_offsets") => {
            Some(Foe { what: "safetensors: numbers of a network without its architecture", way_out: NETWORK_WAY_OUT })
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_run_code_is_refused_with_a_way_out() {
        let cases: [(&[u8], &str); 8] = [
            (b"\x80\x04\x95\x10\0\0\0", "pickle"),
            (b"ccopy_reg\n_reconstructor\n", "pickle"),
            (b"PK\x03\x04\0\0archive/data.pkl", "PyTorch"),
            (b"\x78\x9c\x03\0", "joblib"),
            (b"\x1f\x8b\x08\0", "joblib"),
            (b"CBM1\0\0", "CatBoost's binary"),
            (b"binf\0\0", "old binary"),
            (b"\x40\0\0\0\0\0\0\0{\"w\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}", "safetensors"),
        ];
        for (bytes, word) in cases {
            let error = read_bytes(bytes).expect_err("refused");
            assert!(error.to_string().contains(word), "{error}");
            assert!(error.hint().is_some_and(|hint| hint.len() > 20), "{error}");
        }
    }

    #[test]
    fn unknown_content_is_shown_and_the_formats_are_listed() {
        for bytes in [&b""[..], b"hello", b"{\"a\": 1}", b"[1]", b"{x"] {
            let error = read_bytes(bytes).expect_err("unknown");
            assert!(error.to_string().contains("LightGBM text"), "{error}");
        }
    }
}
