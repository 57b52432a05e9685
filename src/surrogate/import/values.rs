//! Values of documents whose form may vary, read without keeping more than is needed: a hostile file gains no memory.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::foreign::MAX_FEATURES;

/// Names, written as text, numbers or truth values; at most as many as features.
#[derive(Default)]
pub(super) struct Names(pub(super) Vec<String>);

/// One number or a list of them.
pub(super) struct OneOrMore(pub(super) Vec<f64>);

/// Text, or anything else.
#[derive(Default)]
pub(super) struct Tag(pub(super) Option<String>);

struct Scalar(String);

struct ScalarVisitor;

impl Visitor<'_> for ScalarVisitor {
    type Value = Scalar;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Scalar, E> {
        Ok(Scalar(value.to_owned()))
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Scalar, E> {
        Ok(Scalar(value.to_string()))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Scalar, E> {
        Ok(Scalar(value.to_string()))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Scalar, E> {
        Ok(Scalar(value.to_string()))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Scalar, E> {
        Ok(Scalar(value.to_string()))
    }
}

impl<'de> Deserialize<'de> for Scalar {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ScalarVisitor)
    }
}

struct NamesVisitor;

impl<'de> Visitor<'de> for NamesVisitor {
    type Value = Names;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of names")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Names, A::Error> {
        let mut names = Vec::new();
        while let Some(Scalar(name)) = items.next_element()? {
            if names.len() == MAX_FEATURES {
                return Err(A::Error::custom(format!("more than {MAX_FEATURES} names")));
            }
            names.push(name);
        }
        Ok(Names(names))
    }
}

impl<'de> Deserialize<'de> for Names {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(NamesVisitor)
    }
}

struct NumbersVisitor;

impl<'de> Visitor<'de> for NumbersVisitor {
    type Value = OneOrMore;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number or a list of numbers")
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<OneOrMore, E> {
        Ok(OneOrMore(vec![value]))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<OneOrMore, E> {
        Ok(OneOrMore(vec![value as f64]))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<OneOrMore, E> {
        Ok(OneOrMore(vec![value as f64]))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<OneOrMore, A::Error> {
        let mut numbers = Vec::new();
        while let Some(number) = items.next_element()? {
            numbers.push(number);
        }
        Ok(OneOrMore(numbers))
    }
}

impl<'de> Deserialize<'de> for OneOrMore {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NumbersVisitor)
    }
}

struct TagVisitor;

impl<'de> Visitor<'de> for TagVisitor {
    type Value = Tag;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("anything")
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Tag, E> {
        Ok(Tag(Some(value.to_owned())))
    }

    fn visit_unit<E: Error>(self) -> Result<Tag, E> {
        Ok(Tag(None))
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Tag, E> {
        Ok(Tag(None))
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<Tag, E> {
        Ok(Tag(None))
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<Tag, E> {
        Ok(Tag(None))
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Tag, E> {
        Ok(Tag(None))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Tag, A::Error> {
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Tag(None))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut items: A) -> Result<Tag, A::Error> {
        while items.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Tag(None))
    }
}

impl<'de> Deserialize<'de> for Tag {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TagVisitor)
    }
}
