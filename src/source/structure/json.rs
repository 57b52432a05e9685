//! What the readers of JSON formats share: one record to one document, and its faults.

use std::borrow::Cow;

use serde::de::{Deserialize, DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::StructureRecord;
use super::json_scan::Scanner;
use super::refusal::{Refusal, shown};
use crate::candidate::{Fault, FaultCode};

/// Most numbers that are taken from beside a structure.
const MAX_PROPERTIES: usize = 4096;

/// How deep numbers beside a structure are looked for: `data.bulk_modulus.vrh` lies at 2.
const MAX_PATH: usize = 4;

/// A format's document, filled while its JSON is parsed.
pub(super) trait Document<'de>: Default {
    /// Takes the value of one key of the outermost object.
    fn take<A: MapAccess<'de>>(&mut self, key: &str, map: &mut A, beside: &mut Beside<'_>) -> Result<(), A::Error>;

    /// Builds the structure.
    fn build(self, out: &mut StructureRecord) -> Result<(), Refusal>;
}

/// What stands beside a structure.
pub(super) struct Beside<'a> {
    /// The best id so far.
    pub id: &'a mut String,
    /// Place of that id's key in the list of keys; lower is better.
    id_rank: usize,
    properties: &'a mut Vec<(String, f64)>,
    /// Why parsing ended early, where a code says more than `unparsable-json`.
    refusal: Option<Refusal>,
}

impl Beside<'_> {
    /// Takes the value of a key of which the format knows nothing: ids by `keys`, best first; numbers under its name.
    pub fn take<'de, A: MapAccess<'de>>(&mut self, keys: &[&str], key: &str, map: &mut A) -> Result<(), A::Error> {
        let Some(rank) = keys.iter().position(|known| *known == key) else { return self.numbers(key, map) };
        if let Id(Some(id)) = map.next_value::<Id>()?
            && (rank < self.id_rank || self.id.is_empty())
        {
            *self.id = id;
            self.id_rank = rank;
        }
        Ok(())
    }

    /// Takes the numbers of a value: itself, or those in an object.
    pub fn numbers<'de, A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<(), A::Error> {
        map.next_value_seed(Numbers { name, depth: 0, out: self.properties })
    }

    /// Ends parsing for this reason.
    pub fn refuse<E: Error>(&mut self, refusal: Refusal) -> E {
        self.refusal = Some(refusal);
        E::custom("refused")
    }
}

/// Reads a record: a document, or `"id": document`.
pub(super) fn read<'de, D: Document<'de>>(
    record: &'de [u8],
    nan_free: &'de mut Option<Vec<u8>>,
    out: &mut StructureRecord,
) -> Result<(), Fault> {
    let record = record.strip_prefix(b"\xef\xbb\xbf").unwrap_or(record);
    if record.trim_ascii().is_empty() {
        let why = "nothing is here: the file is empty, or the list is cut off";
        return Err(Refusal::new(FaultCode::UnparsableJson, why).at(1));
    }
    let (key, value) = split_key(record);
    let lines_before = record[..record.len() - value.len()].iter().filter(|&&byte| byte == b'\n').count();
    let parsed = match parse::<D>(value, out) {
        // Python writes NaN and Infinity, which are no JSON.
        Err(failure) if failure.error.is_syntax() && has_nan(value) => {
            parse::<D>(nan_free.insert(without_nan(value)), out)
        }
        parsed => parsed,
    };
    let document = parsed.map_err(|failure| failure.fault(lines_before))?;
    if out.id.is_empty()
        && let Some(key) = key
    {
        out.id = key;
    }
    document.build(out).map_err(|refusal| refusal.at(lines_before + 1))
}

/// Appends the numbers of an object as `name.key`.
///
/// # Errors
/// Text that is no JSON, in words.
pub(super) fn append_numbers(text: &[u8], name: &str, out: &mut Vec<(String, f64)>) -> Result<(), String> {
    let before = out.len();
    let parse = |text: &[u8], out: &mut Vec<(String, f64)>| {
        out.truncate(before);
        let mut deserializer = serde_json::Deserializer::from_slice(text);
        Numbers { name, depth: 0, out }.deserialize(&mut deserializer).and_then(|()| deserializer.end())
    };
    let parsed = match parse(text, out) {
        Err(error) if error.is_syntax() && has_nan(text) => parse(&without_nan(text), out),
        parsed => parsed,
    };
    parsed.map_err(|error| error.to_string())
}

struct Failure {
    error: serde_json::Error,
    refusal: Option<Refusal>,
}

impl Failure {
    fn fault(self, lines_before: usize) -> Fault {
        const LONGEST: usize = 300;
        let line = self.error.line().max(1) + lines_before;
        let refusal = self.refusal.unwrap_or_else(|| {
            let message = self.error.to_string();
            let message = message.rsplit_once(" at line ").map_or(message.as_str(), |(message, _)| message);
            let cut = message.char_indices().nth(LONGEST).map_or(message.len(), |(end, _)| end);
            let why = format!("{} (column {})", &message[..cut], self.error.column());
            Refusal::new(FaultCode::UnparsableJson, why)
        });
        refusal.at(line)
    }
}

fn parse<'de, D: Document<'de>>(text: &'de [u8], out: &mut StructureRecord) -> Result<D, Failure> {
    out.id.clear();
    out.properties.clear();
    let StructureRecord { id, properties, .. } = out;
    let mut beside = Beside { id, id_rank: usize::MAX, properties, refusal: None };
    let mut document = D::default();
    let mut deserializer = serde_json::Deserializer::from_slice(text);
    let parsed = deserializer
        .deserialize_any(Outermost { document: &mut document, beside: &mut beside })
        .and_then(|()| deserializer.end());
    match parsed {
        Ok(()) => Ok(document),
        Err(error) => Err(Failure { error, refusal: beside.refusal }),
    }
}

struct Outermost<'a, 'b, D> {
    document: &'a mut D,
    beside: &'a mut Beside<'b>,
}

impl<'de, D: Document<'de>> Visitor<'de> for Outermost<'_, '_, D> {
    type Value = ();

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a structure (an object)")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(Text(key)) = map.next_key()? {
            self.document.take(&key, &mut map, self.beside)?;
        }
        Ok(())
    }
}

/// The key of a map's member, where the record is one, and the rest.
fn split_key(record: &[u8]) -> (Option<String>, &[u8]) {
    let trimmed = record.trim_ascii_start();
    if trimmed.first() != Some(&b'"') {
        return (None, record);
    }
    let Some(end) = Scanner::default().end(trimmed) else { return (None, record) };
    let Some(value) = trimmed[end..].trim_ascii_start().strip_prefix(b":") else { return (None, record) };
    match serde_json::from_slice(&trimmed[..end]) {
        Ok(key) => (Some(key), value),
        Err(_) => (None, record),
    }
}

const NOT_JSON: [&[u8]; 3] = [b"-Infinity", b"Infinity", b"NaN"];

fn has_nan(text: &[u8]) -> bool {
    text.windows(3).any(|window| window == b"NaN" || window == b"Inf")
}

/// The text with `null` for NaN and Infinity outside strings.
fn without_nan(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len() + 64);
    let mut rest = text;
    while let Some(&byte) = rest.first() {
        let length = match byte {
            b'"' => Scanner::default().end(rest).unwrap_or(rest.len()),
            b'-' | b'I' | b'N' => match NOT_JSON.iter().find(|word| rest.starts_with(word)) {
                Some(word) => {
                    out.extend_from_slice(b"null");
                    rest = &rest[word.len()..];
                    continue;
                }
                None => 1,
            },
            _ => 1,
        };
        out.extend_from_slice(&rest[..length]);
        rest = &rest[length..];
    }
    out
}

/// Text, borrowed from the record where it has no escapes.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Text<'a>(pub Cow<'a, str>);

impl<'a, 'de: 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Borrowing;
        impl<'de> Visitor<'de> for Borrowing {
            type Value = Text<'de>;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a string")
            }

            fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Text(Cow::Borrowed(text)))
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Text(Cow::Owned(text.to_owned())))
            }
        }
        deserializer.deserialize_str(Borrowing)
    }
}

/// Three numbers; `null` for one or all of them is NaN.
#[derive(Copy, Clone, Debug, PartialEq)]
pub(super) struct Vector(pub [f64; 3]);

impl<'de> Deserialize<'de> for Vector {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let numbers = Option::<[Option<f64>; 3]>::deserialize(deserializer)?;
        Ok(Self(numbers.map_or([f64::NAN; 3], |numbers| numbers.map(|number| number.unwrap_or(f64::NAN)))))
    }
}

/// Three vectors, the rows of a matrix.
pub(super) type Matrix = [Vector; 3];

/// The rows as numbers.
pub(super) fn rows(matrix: Matrix) -> [[f64; 3]; 3] {
    matrix.map(|Vector(row)| row)
}

/// A name: a string or an integer.
struct Id(Option<String>);

impl<'de> Deserialize<'de> for Id {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Naming;
        impl<'de> Visitor<'de> for Naming {
            type Value = Id;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a name")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Id, E> {
                Ok(Id(Some(text.to_owned())))
            }

            fn visit_u64<E: Error>(self, number: u64) -> Result<Id, E> {
                Ok(Id(Some(number.to_string())))
            }

            fn visit_i64<E: Error>(self, number: i64) -> Result<Id, E> {
                Ok(Id(Some(number.to_string())))
            }

            fn visit_f64<E: Error>(self, _: f64) -> Result<Id, E> {
                Ok(Id(None))
            }

            fn visit_bool<E: Error>(self, _: bool) -> Result<Id, E> {
                Ok(Id(None))
            }

            fn visit_unit<E: Error>(self) -> Result<Id, E> {
                Ok(Id(None))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Id, A::Error> {
                while seq.next_element::<IgnoredAny>()?.is_some() {}
                Ok(Id(None))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Id, A::Error> {
                while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(Id(None))
            }
        }
        deserializer.deserialize_any(Naming)
    }
}

/// Gathers the numbers of any value, those in objects under `name.key`; lists are passed over.
struct Numbers<'a> {
    name: &'a str,
    depth: usize,
    out: &'a mut Vec<(String, f64)>,
}

impl Numbers<'_> {
    fn push<E: Error>(self, value: f64) -> Result<(), E> {
        if self.out.len() >= MAX_PROPERTIES {
            return Err(E::custom(format!(
                "more than {MAX_PROPERTIES} numbers stand beside the structure, the last one is {}",
                shown(self.name)
            )));
        }
        self.out.push((self.name.to_owned(), value));
        Ok(())
    }
}

impl<'de> DeserializeSeed<'de> for Numbers<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Numbers<'_> {
    type Value = ();

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("any value")
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<(), E> {
        self.push(value)
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<(), E> {
        self.push(value as f64)
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<(), E> {
        self.push(value as f64)
    }

    /// `is_metal` and the like: 1 or 0.
    fn visit_bool<E: Error>(self, value: bool) -> Result<(), E> {
        self.push(f64::from(value))
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(Text(key)) = map.next_key()? {
            if self.depth >= MAX_PATH {
                map.next_value::<IgnoredAny>()?;
                continue;
            }
            let name = format!("{}.{key}", self.name);
            map.next_value_seed(Numbers { name: &name, depth: self.depth + 1, out: &mut *self.out })?;
        }
        Ok(())
    }
}
