//! Content digests: one SHA-256 per dataset and group, one over all.
//!
//! A dataset's digest covers its logical type, shape, values and attributes, not how they are stored:
//!
//! ```text
//! "matsieve-digest 1\n" type "\n" shape "\n"
//! values: numbers little-endian; a string as its length in bytes (u64, little-endian) and its UTF-8 bytes
//! for each attribute in order of name: "\n" name "\n" type "\n" value
//! ```
//! `shape` is the extents joined by commas. The digest over all is the SHA-256 of the lines `path SP digest LF` in
//! bytewise order of path.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use super::attributes::{Attribute, Attributes};
use super::data::Data;
use super::schema::Kind;

/// Documents under `/provenance` that say when and where, and so lie outside the digests.
pub(super) const OUTSIDE: [&str; 5] = ["digests", "environment", "identity", "run", "sources"];

/// Whether an object at this path is covered.
pub(super) fn covers(path: &str) -> bool {
    path.strip_prefix("/provenance/").is_none_or(|name| !OUTSIDE.contains(&name))
}

/// The digest of one dataset, fed row by row.
pub(super) struct DatasetDigest {
    hasher: Sha256,
}

impl DatasetDigest {
    /// Begins with logical type and shape.
    pub(super) fn new(type_name: &str, shape: &[usize]) -> Self {
        let mut hasher = Sha256::new();
        let extents: Vec<String> = shape.iter().map(ToString::to_string).collect();
        hasher.update(format!("matsieve-digest 1\n{type_name}\n{}\n", extents.join(",")));
        Self { hasher }
    }

    /// Takes rows `range` of a dataset whose numbers take `row_bytes` a row.
    pub(super) fn update(&mut self, data: &Data, range: std::ops::Range<usize>) {
        match data {
            Data::Fixed { width, bytes, .. } => self.hasher.update(&bytes[range.start * width..range.end * width]),
            Data::Text { .. } => range.for_each(|row| self.update_text(data.text_at(row))),
        }
    }

    fn update_text(&mut self, text: &[u8]) {
        self.hasher.update((text.len() as u64).to_le_bytes());
        self.hasher.update(text);
    }

    /// Ends with the attributes; hexadecimal.
    pub(super) fn finish(mut self, attributes: &Attributes) -> String {
        for (name, value) in &attributes.0 {
            self.hasher.update(format!("\n{name}\n"));
            match value {
                Attribute::Text(text) => {
                    self.hasher.update("text\n");
                    self.update_text(text.replace('\0', "\u{2400}").as_bytes());
                }
                Attribute::Integer(value) => {
                    self.hasher.update("u64\n");
                    self.hasher.update(value.to_le_bytes());
                }
                Attribute::Real(value) => {
                    self.hasher.update("f64\n");
                    self.hasher.update(value.to_le_bytes());
                }
            }
        }
        hexadecimal(&self.hasher.finalize())
    }
}

/// Digest of a dataset that is at hand as a whole.
pub(super) fn of_dataset(kind: &Kind, shape: &[usize], data: &Data, attributes: &Attributes) -> String {
    let mut digest = DatasetDigest::new(&kind.logical_name(), shape);
    digest.update(data, 0..data.rows());
    digest.finish(attributes)
}

/// Digest of a group: its attributes.
pub(super) fn of_group(attributes: &Attributes) -> String {
    DatasetDigest::new("group", &[]).finish(attributes)
}

/// Digest over all.
pub(super) fn over_all(digests: &BTreeMap<String, String>) -> String {
    let mut hasher = Sha256::new();
    for (path, digest) in digests {
        hasher.update(format!("{path} {digest}\n"));
    }
    hexadecimal(&hasher.finalize())
}

/// Lower-case hexadecimal.
pub(super) fn hexadecimal(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing into a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `printf 'matsieve-digest 1\nu64\n2\n\001\0\0\0\0\0\0\0\002\0\0\0\0\0\0\0' | sha256sum`
    #[test]
    fn digest_of_two_numbers_is_that_of_their_little_endian_bytes() {
        let digest = of_dataset(&Kind::U64, &[2], &Data::from_u64(&[1, 2]), &Attributes::default());
        assert_eq!(digest, "356999d1a3260300edc5a18f69d249352ec88dd5ea7a64ec5e7e11cdc04d1ae0");
    }

    /// `printf 'matsieve-digest 1\ntext\n1\n\005\0\0\0\0\0\0\0Fe2O3\nunits\ntext\n\002\0\0\0\0\0\0\0eV' | sha256sum`
    #[test]
    fn digest_of_text_holds_its_length_and_the_attributes() {
        let attributes = Attributes::from([("units", Attribute::Text("eV".to_owned()))]);
        let digest = of_dataset(&Kind::Text, &[1], &Data::from_strings(["Fe2O3"]), &attributes);
        assert_eq!(digest, "3b3e898f29b23145502f75bb70eaa266d0f5edacfbe71a1a590cdd434fd254ea");
    }
}
