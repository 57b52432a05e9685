//! `id_prop.csv`: the habit of CGCNN, ALIGNN and JARVIS-tools to list the structures of a folder with their targets.
//!
//! There is no header. The first field of a line is the name of a file, with or without its extension; the others are
//! values. Structures of the folder that are not listed are no part of the data set.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io;

use super::SourceError;
use super::delimited::{BadRecord, Delimited, Framed};
use super::expand::{ExpansionLimit, open_stream};
use super::input::InputFile;
use super::join::names_of;

/// Whether a file found in a folder of structures lists them.
pub(super) fn is_listing(name: &str) -> bool {
    name.rsplit('/').next() == Some("id_prop.csv")
}

/// Whether a table of targets is one without header by its name: `id_prop.csv`, `id_prop_multi.csv.gz`.
pub(super) fn has_no_header(name: &str) -> bool {
    let base = name.rsplit(['/', '\\']).next().unwrap_or(name);
    base.starts_with("id_prop") && base.contains(".csv")
}

/// The name of a column of values, from 0: `target`, `target_2`, `target_3`, …
pub(super) fn column(number: usize) -> String {
    if number == 0 { "target".into() } else { format!("target_{}", number + 1) }
}

/// The path of an entry: that of the listing's folder, and the entry.
pub(super) fn path_of(listing: &InputFile, entry: &str) -> String {
    format!("{}{entry}", folder_of(listing))
}

/// Path of the folder, with the slash at its end.
fn folder_of(listing: &InputFile) -> &str {
    listing.name.rfind('/').map_or("", |slash| &listing.name[..=slash])
}

/// Hands each line's number, entry and values to `each`.
///
/// # Errors
/// A file that cannot be read, a line without values or with another number of them than the first one.
pub(super) fn read(
    file: &InputFile,
    each: &mut dyn FnMut(u64, String, Vec<String>) -> Result<(), SourceError>,
) -> Result<(), SourceError> {
    let unreadable = |source: io::Error| SourceError::Unreadable { input: file.name.to_string(), source };
    let stream = open_stream(Box::new(File::open(&file.path).map_err(unreadable)?), ExpansionLimit::default());
    let mut text = Delimited::new(Box::new(stream), b',');
    text.skip_mark().map_err(unreadable)?;
    let mut width = None;
    loop {
        let framed = text.next().map_err(unreadable)?;
        let line = text.line();
        let damaged = |reason: String| SourceError::Damaged { input: file.name.to_string(), reason };
        match framed {
            Framed::End => return Ok(()),
            Framed::Record => {}
            Framed::Bad(BadRecord::OpenQuote) => {
                return Err(damaged(format!("line {line}: a quote is never closed")));
            }
            Framed::Bad(BadRecord::TooLong(limit)) => {
                return Err(damaged(format!("line {line}: more than {limit} bytes without an end")));
            }
            Framed::Bad(BadRecord::Broken(reason)) => return Err(damaged(reason)),
        }
        let mut fields = text.fields().iter().map(|&field| {
            let mut bytes = Vec::new();
            text.append(field, &mut bytes);
            String::from_utf8_lossy(bytes.trim_ascii()).into_owned()
        });
        let entry = fields.next().unwrap_or_default();
        let values: Vec<String> = fields.collect();
        let expected = *width.get_or_insert(values.len().max(1));
        if values.len() != expected {
            return Err(damaged(format!("line {line}: {} values found, {expected} expected", values.len())));
        }
        each(line, entry, values)?;
    }
}

/// Leaves, of the files in the folders of listings, those that are listed. An inner folder's listing has the word there.
///
/// # Errors
/// As [`read`], and a file that is listed but not among `files`.
pub(super) fn keep_listed(files: &mut Vec<InputFile>, listings: &[InputFile]) -> Result<(), SourceError> {
    let mut inner_first: Vec<&InputFile> = listings.iter().collect();
    inner_first.sort_by_key(|listing| std::cmp::Reverse(folder_of(listing).len()));
    let mut decided: BTreeSet<InputPlace> = BTreeSet::new();
    let mut dropped: BTreeSet<InputPlace> = BTreeSet::new();
    for listing in inner_first {
        let mut entries = BTreeMap::new();
        read(listing, &mut |line, entry, _| {
            entries.insert(path_of(listing, &entry), line);
            Ok(())
        })?;
        let mut missing = entries.clone();
        for (place, file) in files.iter().enumerate().filter(|(_, file)| file.name.starts_with(folder_of(listing))) {
            let found = names_of(&file.name).into_iter().find(|name| entries.contains_key(*name));
            if let Some(found) = found {
                missing.remove(found);
            }
            if decided.insert(place) && found.is_none() {
                dropped.insert(place);
            }
        }
        if let Some((path, line)) = missing.into_iter().min_by_key(|(_, line)| *line) {
            let entry = &path[folder_of(listing).len()..];
            let reason = format!("line {line}: {entry:?} is no structure in the folder (the file has no header line)");
            return Err(SourceError::Damaged { input: listing.name.to_string(), reason });
        }
    }
    let mut place = 0;
    files.retain(|_| {
        place += 1;
        !dropped.contains(&(place - 1))
    });
    Ok(())
}

/// Place in the list of files.
type InputPlace = usize;

#[cfg(test)]
mod tests {
    use super::*;

    fn file(folder: &tempfile::TempDir, name: &str, text: &str) -> InputFile {
        let path = folder.path().join(name.replace('/', "_"));
        std::fs::write(&path, text).expect("written");
        InputFile::new(name, path)
    }

    #[test]
    fn columns_are_named_in_a_row() {
        assert_eq!([column(0), column(1), column(2)], ["target", "target_2", "target_3"]);
    }

    #[test]
    fn only_listed_files_are_left_and_inner_listings_rule_their_folder() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let mut files: Vec<InputFile> = ["d/a.vasp", "d/b.cif.gz", "d/c.vasp", "d/e/x.vasp", "d/e/y.vasp", "f.vasp"]
            .map(|name| InputFile::new(name, name))
            .into();
        let outer = file(&folder, "d/id_prop.csv", "a.vasp,1.5\r\nb,2\r\n");
        let inner = file(&folder, "d/e/id_prop.csv", "y.vasp,3\n");
        keep_listed(&mut files, &[outer, inner]).expect("all are there");
        let names: Vec<&str> = files.iter().map(|file| &*file.name).collect();
        assert_eq!(names, ["d/a.vasp", "d/b.cif.gz", "d/e/y.vasp", "f.vasp"]);
    }

    #[test]
    fn a_listed_file_that_is_not_there_is_named_with_its_line() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let listing = file(&folder, "d/id_prop.csv", "a.vasp,1\nz.vasp,2\n");
        let mut files = vec![InputFile::new("d/a.vasp", "d/a.vasp")];
        let error = keep_listed(&mut files, &[listing]).expect_err("z is missing").to_string();
        assert!(error.starts_with("d/id_prop.csv: line 2: \"z.vasp\" is no structure in the folder"), "{error}");
        let ragged = file(&folder, "d/id_prop.csv", "a.vasp,1\nb.vasp,1,2\n");
        let error = read(&ragged, &mut |_, _, _| Ok(())).expect_err("ragged").to_string();
        assert_eq!(error, "d/id_prop.csv: line 2: 2 values found, 1 expected");
    }
}
