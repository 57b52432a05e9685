//! Universal Binary JSON, draft 12, as XGBoost writes it: numbers big-endian, typed and counted arrays.
//!
//! A deserializer for serde, so that a document is read by the same types as its JSON twin.

use serde::de::{self, DeserializeSeed, IntoDeserializer, MapAccess, SeqAccess, Visitor};

/// Most containers inside one another.
const MAX_DEPTH: usize = 64;

/// What is wrong, and at which byte.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub(super) struct Error {
    reason: String,
    /// Byte at which it was noticed; set once.
    byte: Option<usize>,
}

impl Error {
    /// Byte at which it was noticed.
    pub(super) fn byte(&self) -> usize {
        self.byte.unwrap_or_default()
    }
}

impl de::Error for Error {
    fn custom<T: std::fmt::Display>(reason: T) -> Self {
        Self { reason: reason.to_string(), byte: None }
    }
}

/// Reads a document.
///
/// # Errors
/// Truncated or foreign bytes, more nesting than 64 levels, what `T` does not take, bytes behind the end.
pub(super) fn from_slice<'de, T: serde::Deserialize<'de>>(bytes: &'de [u8]) -> Result<T, Error> {
    let mut reader = Reader { bytes, at: 0, depth: 0 };
    let value = T::deserialize(Value { reader: &mut reader, marker: None });
    let value = value.and_then(|value| {
        // Some writers pad with no-ops.
        while reader.peek() == Some(b'N') {
            reader.at += 1;
        }
        if reader.at == bytes.len() { Ok(value) } else { Err(reader.error("bytes behind the end of the document")) }
    });
    value.map_err(|error| Error { byte: error.byte.or(Some(reader.at)), ..error })
}

struct Reader<'de> {
    bytes: &'de [u8],
    at: usize,
    depth: usize,
}

impl<'de> Reader<'de> {
    fn error(&self, reason: impl Into<String>) -> Error {
        Error { reason: reason.into(), byte: Some(self.at) }
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn take(&mut self, len: usize) -> Result<&'de [u8], Error> {
        let taken = self.at.checked_add(len).and_then(|end| self.bytes.get(self.at..end));
        match taken {
            Some(taken) => {
                self.at += len;
                Ok(taken)
            }
            None => Err(self.error(format!("{len} more bytes are announced, the document is truncated"))),
        }
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Error> {
        let mut array = [0; N];
        array.copy_from_slice(self.take(N)?);
        Ok(array)
    }

    fn byte(&mut self) -> Result<u8, Error> {
        Ok(self.array::<1>()?[0])
    }

    /// The next marker that is no no-op.
    fn marker(&mut self) -> Result<u8, Error> {
        loop {
            match self.byte()? {
                b'N' => {}
                marker => return Ok(marker),
            }
        }
    }

    fn integer(&mut self, marker: u8) -> Result<i64, Error> {
        Ok(match marker {
            b'i' => i64::from(i8::from_be_bytes(self.array()?)),
            b'U' => i64::from(u8::from_be_bytes(self.array()?)),
            b'I' => i64::from(i16::from_be_bytes(self.array()?)),
            b'l' => i64::from(i32::from_be_bytes(self.array()?)),
            b'L' => i64::from_be_bytes(self.array()?),
            other => return Err(self.error(format!("\"{}\", expected a whole number", other.escape_ascii()))),
        })
    }

    /// A length; what it announces must fit the rest of the document, one byte an item at least.
    fn length(&mut self) -> Result<usize, Error> {
        let marker = self.byte()?;
        let length = self.integer(marker)?;
        match usize::try_from(length) {
            Ok(length) if length <= self.bytes.len() - self.at => Ok(length),
            _ => Err(self.error(format!("a length of {length}, {} bytes are left", self.bytes.len() - self.at))),
        }
    }

    fn text(&mut self) -> Result<&'de str, Error> {
        let length = self.length()?;
        let bytes = self.take(length)?;
        std::str::from_utf8(bytes).map_err(|_| self.error("text that is no UTF-8"))
    }

    /// Type and count of a container, where it says them.
    fn header(&mut self) -> Result<(Option<u8>, Option<usize>), Error> {
        if self.depth == MAX_DEPTH {
            return Err(self.error(format!("more than {MAX_DEPTH} levels of nesting")));
        }
        self.depth += 1;
        let mut kind = None;
        if self.peek() == Some(b'$') {
            self.at += 1;
            let marker = self.byte()?;
            // Items without bytes of their own would allow any number of them in a few bytes.
            if !b"iUIlLdDCSH".contains(&marker) {
                return Err(self.error(format!("items of type \"{}\"", marker.escape_ascii())));
            }
            kind = Some(marker);
        }
        if self.peek() == Some(b'#') {
            self.at += 1;
            return Ok((kind, Some(self.length()?)));
        }
        match kind {
            Some(_) => Err(self.error("a type without a count")),
            None => Ok((None, None)),
        }
    }
}

/// A value whose marker was read or is to be read.
struct Value<'a, 'de> {
    reader: &'a mut Reader<'de>,
    marker: Option<u8>,
}

impl<'de> Value<'_, 'de> {
    fn visit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let reader = self.reader;
        let marker = match self.marker {
            Some(marker) => marker,
            None => reader.marker()?,
        };
        match marker {
            b'Z' => visitor.visit_unit(),
            b'T' => visitor.visit_bool(true),
            b'F' => visitor.visit_bool(false),
            b'i' | b'U' | b'I' | b'l' | b'L' => match reader.integer(marker)? {
                value @ 0.. => visitor.visit_u64(value as u64),
                value => visitor.visit_i64(value),
            },
            b'd' => visitor.visit_f32(f32::from_be_bytes(reader.array()?)),
            b'D' => visitor.visit_f64(f64::from_be_bytes(reader.array()?)),
            b'C' => visitor.visit_char(char::from(reader.byte()?)),
            b'S' | b'H' => visitor.visit_borrowed_str(reader.text()?),
            b'[' => {
                let (kind, left) = reader.header()?;
                let value = visitor.visit_seq(Items { reader: &mut *reader, kind, left })?;
                reader.depth -= 1;
                Ok(value)
            }
            b'{' => {
                let (kind, left) = reader.header()?;
                let value = visitor.visit_map(Items { reader: &mut *reader, kind, left })?;
                reader.depth -= 1;
                Ok(value)
            }
            other => Err(reader.error(format!("\"{}\" is no type of value", other.escape_ascii()))),
        }
    }
}

impl<'de> de::Deserializer<'de> for Value<'_, 'de> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.visit(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let marker = match self.marker {
            Some(marker) => marker,
            None => self.reader.marker()?,
        };
        match marker {
            b'Z' => visitor.visit_none(),
            marker => visitor.visit_some(Self { reader: self.reader, marker: Some(marker) }),
        }
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct newtype_struct
        seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

/// Items of a container.
struct Items<'a, 'de> {
    reader: &'a mut Reader<'de>,
    kind: Option<u8>,
    left: Option<usize>,
}

impl Items<'_, '_> {
    /// Whether an item follows; takes the end where there is one.
    fn advance(&mut self, end: u8) -> Result<bool, Error> {
        match &mut self.left {
            Some(0) => Ok(false),
            Some(left) => {
                *left -= 1;
                Ok(true)
            }
            None => {
                while self.reader.peek() == Some(b'N') {
                    self.reader.at += 1;
                }
                if self.reader.peek() == Some(end) {
                    self.reader.at += 1;
                    self.left = Some(0);
                    return Ok(false);
                }
                Ok(true)
            }
        }
    }
}

impl<'de> SeqAccess<'de> for Items<'_, 'de> {
    type Error = Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Error> {
        if !self.advance(b']')? {
            return Ok(None);
        }
        seed.deserialize(Value { reader: self.reader, marker: self.kind }).map(Some)
    }

    fn size_hint(&self) -> Option<usize> {
        self.left
    }
}

impl<'de> MapAccess<'de> for Items<'_, 'de> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Error> {
        if !self.advance(b'}')? {
            return Ok(None);
        }
        let key = self.reader.text()?;
        seed.deserialize(key.into_deserializer()).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Error> {
        seed.deserialize(Value { reader: self.reader, marker: self.kind })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[derive(Debug, PartialEq, serde::Deserialize)]
    struct Sample {
        name: String,
        numbers: Vec<f32>,
        whole: Vec<i32>,
        none: Option<bool>,
    }

    /// `{name: "ab", numbers: [1.5, -2] typed, whole: [1, -1, 300], none: null, more: {x: [[]]}}`.
    fn sample() -> Vec<u8> {
        let mut bytes = b"{L\0\0\0\0\0\0\0\x04nameSL\0\0\0\0\0\0\0\x02ab".to_vec();
        bytes.extend(b"i\x07numbers[$d#i\x02\x3f\xc0\0\0\xc0\0\0\0");
        bytes.extend(b"i\x05whole[i\x01i\xffI\x01\x2c]i\x04noneZi\x04more{i\x01x[[]]}}");
        bytes
    }

    #[test]
    fn typed_counted_and_plain_containers_are_read() {
        let expected = Sample { name: "ab".into(), numbers: vec![1.5, -2.0], whole: vec![1, -1, 300], none: None };
        assert_eq!(from_slice::<Sample>(&sample()), Ok(expected));
    }

    #[test]
    fn every_truncation_is_an_error() {
        let bytes = sample();
        for length in 0..bytes.len() {
            assert!(from_slice::<Sample>(&bytes[..length]).is_err(), "{length} bytes");
        }
    }

    #[test]
    fn counts_beyond_the_document_items_without_bytes_and_deep_nesting_are_refused() {
        for (bytes, reason) in [
            (&b"[$d#l\x7f\xff\xff\xff"[..], "a length of 2147483647"),
            (b"[$d#l\xff\xff\xff\xff", "a length of -1"),
            (b"[$T#l\x7f\xff\xff\xff", "items of type"),
            (&[b'['; 100], "levels of nesting"),
        ] {
            let error = from_slice::<de::IgnoredAny>(bytes).expect_err("hostile");
            assert!(error.to_string().contains(reason), "{error}");
        }
    }

    proptest! {
        #[test]
        fn no_damage_panics(position in any::<prop::sample::Index>(), value in any::<u8>()) {
            let mut bytes = sample();
            let position = position.index(bytes.len());
            bytes[position] = value;
            let _ = from_slice::<Sample>(&bytes);
        }
    }
}
