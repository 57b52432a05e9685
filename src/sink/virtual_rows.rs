//! Rows that stay where they are: datasets that point into the files of shards (HDF5 virtual datasets).
//!
//! The names of those files are relative to the folder of the result, so that both can be moved together. Where such a
//! file is gone, HDF5 hands out fill values without a word; so the result records the seals of its sources, and
//! [`check_sources`] compares them whenever it is opened.

use std::collections::BTreeSet;
use std::path::{Component, Path, PathBuf};

use hdf5::plist::dataset_create::Layout;
use hdf5::types::TypeDescriptor;
use hdf5::{Dataset, Group, Hyperslab, SliceOrIndex};
use serde::{Deserialize, Serialize};

use super::SinkError;
use super::content::RESULT_FORMAT;
use super::files::folder_of;
use super::raw;
use super::schema::{Kind, Spec};
use super::seal::{self, Seal};

/// Document under `/provenance` that lists the sources; a result with it has virtual datasets.
pub(super) const SOURCES_DOCUMENT: &str = "sources";

/// Most pieces of a dataset. Every one is a selection of its own, which costs the library time at every reading.
const MOST_PIECES: usize = 1 << 14;

/// A file whose rows a result shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Source {
    /// Its name from the folder of the result, with `/`.
    path: String,
    /// Its seal.
    seal: String,
}

/// Lists the files that a result at `out` will point to.
///
/// # Errors
/// A file cannot be read, has no seal, or its name is no Unicode.
pub(super) fn sources(out: &Path, files: &[PathBuf]) -> Result<Vec<Source>, SinkError> {
    let folder = folder_of(out);
    let folder = folder.canonicalize().map_err(SinkError::io("find", &folder))?;
    let source = |file: &PathBuf| {
        let whole = file.canonicalize().map_err(SinkError::io("find", file))?;
        let path = relative(&folder, &whole).ok_or_else(|| SinkError::Merge {
            path: file.clone(),
            reason: "its name cannot be written into a virtual dataset: it is no Unicode".to_owned(),
        })?;
        Ok(Source { path, seal: seal::line_of(file)? })
    };
    files.iter().map(source).collect()
}

/// The way from one absolute folder to a file, with `/`.
fn relative(folder: &Path, file: &Path) -> Option<String> {
    let (folder, file): (Vec<Component>, Vec<Component>) = (folder.components().collect(), file.components().collect());
    let shared = folder.iter().zip(&file).take_while(|(a, b)| a == b).count();
    let up = std::iter::repeat_n(Some(".."), folder.len() - shared);
    let down = file[shared..].iter().map(|component| component.as_os_str().to_str());
    Some(up.chain(down).collect::<Option<Vec<_>>>()?.join("/"))
}

/// Rows of a source that go to rows of the result in one pattern.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
struct Piece {
    /// First row in the source, and in the result.
    starts: [usize; 2],
    /// Rows from one block to the next one, there and here; 0 where there is one block.
    strides: [usize; 2],
    /// Rows of a block.
    block: usize,
    /// Blocks.
    count: usize,
}

/// Which rows of which source make the rows of a result, from the first one on.
#[derive(Clone, Debug, Default)]
pub(super) struct Mapping {
    sources: Vec<MappedSource>,
    rows: usize,
}

#[derive(Clone, Debug)]
struct MappedSource {
    path: String,
    /// Rows that it has.
    rows: usize,
    pieces: Vec<Piece>,
    /// Rows that may be continued: where they begin in the source and in the result, and how many.
    open: Option<([usize; 2], usize)>,
}

impl Mapping {
    /// No rows yet of these sources, which have so many rows each.
    pub(super) fn new(sources: &[Source], rows: &[usize]) -> Self {
        let source = |(source, &rows): (&Source, &usize)| MappedSource {
            path: source.path.clone(),
            rows,
            pieces: Vec::new(),
            open: None,
        };
        Self { sources: sources.iter().zip(rows).map(source).collect(), rows: 0 }
    }

    /// The next `count` rows of the result are those of a source from row `start` on.
    pub(super) fn push(&mut self, source: usize, start: usize, count: usize) {
        let source = &mut self.sources[source];
        match &mut source.open {
            Some((starts, length)) if [starts[0] + *length, starts[1] + *length] == [start, self.rows] => {
                *length += count
            }
            open => {
                if let Some((starts, length)) = open.replace(([start, self.rows], count)) {
                    source.close(starts, length);
                }
            }
        }
        self.rows += count;
    }

    /// Whether a dataset can be left where it is: features, which are most of a file.
    pub(super) fn suits(spec: &Spec) -> bool {
        spec.path.starts_with("/features/")
            && spec.path.ends_with("/values")
            && matches!(spec.kind, Kind::F64 | Kind::F32)
            && spec.columns.is_some_and(|columns| columns > 0)
    }

    /// Says that nothing more comes.
    ///
    /// # Errors
    /// The rows of the sources interleave in too many pieces.
    pub(super) fn close(&mut self, path: &Path) -> Result<(), SinkError> {
        for source in &mut self.sources {
            if let Some((starts, length)) = source.open.take() {
                source.close(starts, length);
            }
        }
        let pieces: usize = self.sources.iter().map(|source| source.pieces.len()).sum();
        if pieces <= MOST_PIECES {
            return Ok(());
        }
        let reason = format!(
            "its rows would lie in {pieces} pieces, and HDF5 reads virtual datasets of more than {MOST_PIECES} too slowly: \
             merge without --virtual"
        );
        Err(SinkError::Merge { path: path.to_owned(), reason })
    }

    /// Creates a dataset of these rows.
    pub(super) fn create(&self, root: &Group, spec: &Spec) -> hdf5::Result<Dataset> {
        let columns = spec.columns.unwrap_or(1);
        let shape = (self.rows, columns);
        let mut builder = root.new_dataset_builder();
        for source in &self.sources {
            for piece in &source.pieces {
                let extent = (source.rows, columns);
                builder = builder.virtual_map(
                    &source.path,
                    &spec.path,
                    extent,
                    piece.slab(0, columns),
                    shape,
                    piece.slab(1, columns),
                );
            }
        }
        builder = match spec.kind {
            Kind::F32 => builder.fill_value(f32::NAN),
            _ => builder.fill_value(f64::NAN),
        };
        let descriptor: TypeDescriptor = spec.kind.descriptor().ok_or("features are numbers")?;
        builder.empty_as(&descriptor).shape(shape).create(spec.path.as_str())
    }
}

impl MappedSource {
    fn close(&mut self, starts: [usize; 2], length: usize) {
        if let Some(last) = self.pieces.last_mut()
            && last.block == length
        {
            let next = |k: usize| starts[k] - last.starts[k] - last.strides[k] * last.count.saturating_sub(1);
            let strides = [next(0), next(1)];
            if last.count == 1 || strides == last.strides {
                last.strides = strides;
                last.count += 1;
                return;
            }
        }
        self.pieces.push(Piece { starts, strides: [0; 2], block: length, count: 1 });
    }
}

impl Piece {
    /// The selection in the source (0) or in the result (1).
    fn slab(&self, side: usize, columns: usize) -> Hyperslab {
        let step = self.strides[side].max(self.block);
        let rows = SliceOrIndex::SliceCount { start: self.starts[side], step, count: self.count, block: self.block };
        Hyperslab::from(vec![rows, SliceOrIndex::from(0..columns)])
    }
}

/// Whether a dataset shows rows of other files.
pub(super) fn is_virtual(dataset: &Dataset) -> bool {
    dataset.layout() == Layout::Virtual
}

/// Checks that the files a result points to are those it was made of, and that it points to no others.
///
/// # Errors
/// A source is gone or another one; a dataset points elsewhere.
pub(super) fn check_sources(path: &Path, document: Option<&str>, datasets: &[&Dataset]) -> Result<(), SinkError> {
    let sources = parse(path, document)?;
    for source in &sources {
        let file = locate(path, source);
        let gone = |reason: String| SinkError::Source { path: path.to_owned(), source_path: file.clone(), reason };
        match std::fs::metadata(&file) {
            // A pipe would be waited for.
            Ok(found) if !found.is_file() => return Err(gone("which is no file".to_owned())),
            Ok(_) => {}
            Err(error) => return Err(gone(format!("which cannot be read ({error})"))),
        }
        if seal::line_of(&file).ok().as_deref() != Some(source.seal.as_str()) {
            return Err(gone("which is another file than the one that was merged".to_owned()));
        }
    }
    let known: BTreeSet<&str> = sources.iter().map(|source| source.path.as_str()).collect();
    for dataset in datasets.iter().filter(|dataset| is_virtual(dataset)) {
        let files = raw::virtual_files(dataset).map_err(SinkError::hdf5("list virtual datasets", path))?;
        if let Some(other) = files.iter().find(|file| !known.contains(file.as_str())) {
            let reason = format!("it points to {other:?}, which is none of its sources");
            return Err(SinkError::damaged(path, reason));
        }
    }
    Ok(())
}

/// Checks every byte of the sources; says what is wrong with the first one that is not whole.
///
/// # Errors
/// A source cannot be read.
pub(super) fn verify_sources(path: &Path, document: Option<&str>) -> Result<Option<String>, SinkError> {
    for source in parse(path, document)? {
        match seal::check(&locate(path, &source), RESULT_FORMAT)? {
            Seal::Intact => {}
            Seal::Altered => return Ok(Some(format!("values of {} were altered", source.path))),
            Seal::Broken { reason } => return Ok(Some(format!("{}: {reason}", source.path))),
        }
    }
    Ok(None)
}

fn parse(path: &Path, document: Option<&str>) -> Result<Vec<Source>, SinkError> {
    let Some(document) = document else { return Ok(Vec::new()) };
    let sources: Vec<Source> = serde_json::from_str(document)
        .map_err(|error| SinkError::damaged(path, format!("/provenance/{SOURCES_DOCUMENT}: {error}")))?;
    match sources.iter().find(|source| Path::new(&source.path).is_absolute()) {
        Some(source) => Err(SinkError::damaged(path, format!("{:?} is no relative path", source.path))),
        None => Ok(sources),
    }
}

fn locate(path: &Path, source: &Source) -> PathBuf {
    folder_of(path).join(&source.path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mapping(rows: &[usize]) -> Mapping {
        let source = |i: usize| Source { path: format!("{i}.h5"), seal: String::new() };
        Mapping::new(&(0..rows.len()).map(source).collect::<Vec<_>>(), rows)
    }

    /// Two shards in blocks of four, whole, the last block short: a pattern and the rest, whatever pieces they come in.
    #[test]
    fn blocks_in_turn_are_one_pattern() {
        let mut found = mapping(&[12, 10]);
        for (source, start, count) in
            [(0, 0, 4), (1, 0, 3), (1, 3, 1), (0, 4, 4), (1, 4, 4), (0, 8, 1), (0, 9, 3), (1, 8, 2)]
        {
            found.push(source, start, count);
        }
        found.close(Path::new("out.h5")).expect("few pieces");
        assert_eq!(found.rows, 22);
        assert_eq!(found.sources[0].pieces, [Piece { starts: [0, 0], strides: [4, 8], block: 4, count: 3 }]);
        let whole = Piece { starts: [0, 4], strides: [4, 8], block: 4, count: 2 };
        let rest = Piece { starts: [8, 20], strides: [0, 0], block: 2, count: 1 };
        assert_eq!(found.sources[1].pieces, [whole, rest]);
    }

    #[test]
    fn a_missing_row_breaks_the_pattern_and_another_begins() {
        let mut found = mapping(&[40, 40]);
        let (mut starts, mut rows) = ([0, 0], 0);
        for block in 0..20 {
            let count = if block == 8 { 3 } else { 4 };
            found.push(block % 2, starts[block % 2], count);
            starts[block % 2] += count;
            rows += count;
        }
        found.close(Path::new("out.h5")).expect("few pieces");
        assert_eq!(found.rows, rows);
        let covered: usize = found.sources.iter().flat_map(|s| &s.pieces).map(|p| p.block * p.count).sum();
        assert_eq!(covered, rows);
        assert!(found.sources.iter().all(|source| source.pieces.len() <= 3), "{:?}", found.sources);
    }

    #[test]
    fn rows_without_pattern_are_refused_with_the_way_out() {
        let mut found = mapping(&[1 << 20]);
        let mut start = 0;
        for i in 0..2 * MOST_PIECES {
            found.push(0, start, 1 + i % 2);
            start += 3 + (i * i) % 7;
        }
        let error = found.close(Path::new("out.h5")).expect_err("too many");
        assert!(error.to_string().contains("without --virtual"), "{error}");
    }

    #[test]
    fn names_are_relative_to_the_result() {
        for (folder, file, expected) in
            [("/a/b", "/a/b/c.h5", "c.h5"), ("/a/b", "/a/c/d.h5", "../c/d.h5"), ("/a", "/a/b/c.h5", "b/c.h5")]
        {
            assert_eq!(relative(Path::new(folder), Path::new(file)).as_deref(), Some(expected));
        }
    }
}
