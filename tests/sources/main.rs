//! Table sources: every real table is read or quarantined, every broken input says what is wrong and where.

mod faults;
mod inputs;
mod parquet;
mod real_tables;
mod seek;
mod structures;

use std::io::Write;
use std::path::{Path, PathBuf};

use matsieve::candidate::{Candidate, CandidateIndex, CandidateKind, Fault, Frame};
use matsieve::source::{Source, SourceError, SourceSpec, open};

/// One record as a run sees it.
#[derive(Debug, PartialEq)]
struct Read {
    index: u64,
    id: String,
    origin: String,
    outcome: Result<Candidate, Fault>,
}

impl Read {
    fn fault(&self) -> &Fault {
        self.outcome.as_ref().expect_err("a fault")
    }

    fn candidate(&self) -> &Candidate {
        self.outcome.as_ref().expect("a candidate")
    }

    /// `Fe2O3`-like text of the composition, amounts as they are.
    fn formula(&self) -> String {
        let composition = self.candidate().composition().expect("tables hold compositions");
        composition.pairs().iter().map(|(element, amount)| format!("{}{amount}", element.symbol())).collect()
    }

    /// Code and reason.
    fn why(&self) -> String {
        self.fault().to_string()
    }
}

fn spec(text: &str) -> SourceSpec {
    toml::from_str(text).expect("a good [source]")
}

/// Reads what is left of a source, `batch` records at a time.
fn drain(source: &mut dyn Source, batch: usize) -> Result<Vec<Read>, SourceError> {
    let decoder = source.decoder();
    let mut all = Vec::new();
    let mut frame = Frame::default();
    let mut candidate = Candidate { index: CandidateIndex(0), kind: CandidateKind::Row, values: Vec::new() };
    loop {
        frame.clear();
        source.frame(batch, &mut frame)?;
        for record in &frame.records {
            let outcome = decoder.decode(&frame, record, &mut candidate).map(|()| candidate.clone());
            all.push(Read {
                index: record.index.0,
                id: decoder.id(&frame, record).into_owned(),
                origin: decoder.origin(&frame, record),
                outcome,
            });
        }
        if frame.records.len() < batch {
            return Ok(all);
        }
    }
}

fn read(spec_text: &str, base: &Path) -> Vec<Read> {
    drain(open(&spec(spec_text), base).expect("opens").as_mut(), 100).expect("reads")
}

fn open_error(spec_text: &str, base: &Path) -> String {
    match open(&spec(spec_text), base) {
        Ok(_) => panic!("must not open: {spec_text}"),
        Err(error) => error.to_string(),
    }
}

fn folder(files: &[(&str, &[u8])]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("temporary folder");
    for (name, content) in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().expect("inside the folder")).expect("folder");
        std::fs::write(path, content).expect("file");
    }
    folder
}

fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(content).expect("into memory");
    encoder.finish().expect("into memory")
}

/// Folder of the shared data sets, if this machine has them.
fn datasets() -> Option<PathBuf> {
    let given = std::env::var_os("MATSIEVE_DATASETS").map(PathBuf::from);
    let default = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/datasets");
    let found = given.or_else(|| default.is_dir().then_some(default));
    if found.is_none() {
        println!("skipped: no datasets");
    }
    found
}
