//! Attributes of groups and datasets: text, whole numbers, real numbers.

use std::collections::BTreeMap;
use std::path::Path;

use hdf5::Location;
use hdf5::types::{FloatSize, IntSize, TypeDescriptor, VarLenUnicode};

use super::SinkError;

/// Value of an attribute.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Attribute {
    /// UTF-8, without U+0000.
    Text(String),
    /// Whole number.
    Integer(u64),
    /// Real number.
    Real(f64),
}

/// Attributes in order of name.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Attributes(pub(super) BTreeMap<String, Attribute>);

impl<const N: usize> From<[(&str, Attribute); N]> for Attributes {
    fn from(entries: [(&str, Attribute); N]) -> Self {
        Self(entries.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
    }
}

impl Attributes {
    /// A text.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        match self.0.get(name) {
            Some(Attribute::Text(text)) => Some(text),
            _ => None,
        }
    }

    /// A whole number.
    pub(super) fn integer(&self, name: &str) -> Option<u64> {
        match self.0.get(name) {
            Some(Attribute::Integer(value)) => Some(*value),
            _ => None,
        }
    }

    /// A real number.
    pub(super) fn real(&self, name: &str) -> Option<f64> {
        match self.0.get(name) {
            Some(Attribute::Real(value)) => Some(*value),
            _ => None,
        }
    }

    /// Writes them all.
    pub(super) fn write(&self, place: &Location, path: &Path) -> Result<(), SinkError> {
        for (name, value) in &self.0 {
            write_one(place, name, value).map_err(SinkError::hdf5(&format!("write attribute {name}"), path))?;
        }
        Ok(())
    }

    /// Reads all attributes of a group or dataset.
    ///
    /// # Errors
    /// An attribute of a type that results do not use.
    pub(super) fn read(place: &Location, path: &Path) -> Result<Self, SinkError> {
        let names = place.attr_names().map_err(SinkError::hdf5("list attributes", path))?;
        let mut attributes = BTreeMap::new();
        for name in names {
            let value = read_one(place, &name)
                .map_err(SinkError::hdf5(&format!("read attribute {name}"), path))?
                .ok_or_else(|| {
                    let reason = format!("attribute {name} of {} is no text and no number", place.name());
                    SinkError::damaged(path, reason)
                })?;
            attributes.insert(name, value);
        }
        Ok(Self(attributes))
    }
}

/// A string as HDF5 takes it.
pub(super) fn hdf5_text(text: &str) -> VarLenUnicode {
    text.replace('\0', "\u{2400}").parse().expect("U+0000 was replaced")
}

fn write_one(place: &Location, name: &str, value: &Attribute) -> hdf5::Result<()> {
    match value {
        Attribute::Text(text) => place.new_attr::<VarLenUnicode>().create(name)?.write_scalar(&hdf5_text(text)),
        Attribute::Integer(value) => place.new_attr::<u64>().create(name)?.write_scalar(value),
        Attribute::Real(value) => place.new_attr::<f64>().create(name)?.write_scalar(value),
    }
}

fn read_one(place: &Location, name: &str) -> hdf5::Result<Option<Attribute>> {
    let attribute = place.attr(name)?;
    if !attribute.is_scalar() {
        return Ok(None);
    }
    Ok(match attribute.dtype()?.to_descriptor()? {
        TypeDescriptor::VarLenUnicode => {
            let text: VarLenUnicode = attribute.read_scalar()?;
            String::from_utf8(text.as_bytes().to_vec()).ok().map(Attribute::Text)
        }
        TypeDescriptor::Unsigned(IntSize::U8) => Some(Attribute::Integer(attribute.read_scalar()?)),
        TypeDescriptor::Float(FloatSize::U8) => Some(Attribute::Real(attribute.read_scalar()?)),
        _ => None,
    })
}
