//! What the fuzz targets share: how bytes reach each reader, and what must hold whatever they are.
//!
//! A panic, a time of many seconds or memory far above the input's size is a finding.

use std::cell::RefCell;
use std::path::{Path, PathBuf};

use matsieve::candidate::{Candidate, CandidateIndex, CandidateKind, Fault, Frame, Rows};
use matsieve::chem::{Composition, FormulaErrorKind, parse_charged_formula, parse_formula, parse_formula_into};
use matsieve::screen::Plan;
use matsieve::source::{Format, SourceSpec, StructureRecord, open, read_structures};
use matsieve::surrogate::Model;
use matsieve::surrogate::import::{Imported, read_bytes};
use sha2::{Digest, Sha256};

/// Reads bytes as structures of one format.
pub fn structures(bytes: &[u8], format: Format) {
    let mut records = 0;
    let mut last = 0;
    let mut stream = bytes;
    let read = read_structures(&mut stream, format, &mut |line, record| {
        records += 1;
        assert!(line >= last, "record at line {line} follows one at line {last}");
        last = line;
        match record {
            Ok(record) => check_record(record),
            Err(fault) => check_fault(&fault),
        }
    });
    if let Err(error) = read {
        assert!(error.kind() != std::io::ErrorKind::Unsupported, "{format} has no reader in this build");
    }
    assert!(records <= bytes.len() + 1, "{records} records in {} bytes", bytes.len());
}

/// A structure that was read can be computed with.
fn check_record(record: &StructureRecord) {
    let structure = record.structure.as_ref().expect("a record without a fault has a structure");
    let lattice = structure.lattice();
    assert!(lattice.volume() > 0.0 && lattice.rows().iter().flatten().all(|x| x.is_finite()));
    for site in 0..structure.len() {
        assert!(structure.fracs()[site].iter().all(|x| x.is_finite()));
        assert!(structure.occupants(site).iter().all(|o| o.occupancy > 0.0 && o.occupancy <= 1.0));
    }
    assert!(record.properties.iter().all(|(name, _)| !name.is_empty()) || record.properties.len() <= 1 << 20);
}

/// A fault has a reason that people can read.
fn check_fault(fault: &Fault) {
    assert!(!fault.detail.is_empty() && fault.detail.len() < 1 << 16, "{} bytes of reason", fault.detail.len());
    assert!(fault.code != matsieve::candidate::FaultCode::Internal, "{fault}");
}

/// Parses text as a formula: what is read has positive finite amounts, and its own formula is read again as the same.
pub fn formula(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let parsed = parse_formula(text);
    let mut into = Composition::new();
    assert_eq!(parse_formula_into(text, &mut into).is_ok(), parsed.is_ok());
    parse_charged_formula(text).ok();
    let Ok(composition) = parsed else { return };
    assert!(composition.pairs().iter().all(|(_, amount)| amount.is_finite() && *amount >= 0.0));
    let reduced = composition.reduced_formula();
    let again = match parse_formula(&reduced) {
        Ok(again) => again,
        // `Co8.2O1H2` is one thing, but in the order of formulas it reads like a hydrate.
        Err(error) if error.kind() == FormulaErrorKind::Ambiguous && reduced.contains('.') => return,
        Err(error) => panic!("{reduced:?} of {text:?}: {error}"),
    };
    assert_eq!(again.num_elements(), composition.num_elements(), "{reduced:?} of {text:?}");
}

thread_local! {
    /// A folder in memory where there is one: files are written 10³ times a second.
    static FOLDER: tempfile::TempDir = {
        let memory = Path::new("/dev/shm");
        let made = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
        made.expect("a temporary folder can be made")
    };
    static CANDIDATE: RefCell<Candidate> = const {
        RefCell::new(Candidate { index: CandidateIndex(0), kind: CandidateKind::Row, values: Vec::new() })
    };
}

fn written(name: &str, bytes: &[u8]) -> PathBuf {
    FOLDER.with(|folder| {
        std::fs::write(folder.path().join(name), bytes).expect("the temporary folder can be written");
        folder.path().to_owned()
    })
}

/// Reads bytes as a file of this name through a `[source]` with these further settings.
pub fn input(bytes: &[u8], name: &str, settings: &str) {
    let folder = written(name, bytes);
    drain(&format!("input = '{name}'\n{settings}"), &folder, bytes.len());
}

/// Reads bytes as an archive or compressed stream: names tell nothing here, content does.
pub fn archive(bytes: &[u8]) {
    let folder = written("a.tar", bytes);
    drain("input = 'a.tar'", &folder, bytes.len());
    let folder = written("a.poscar.gz", bytes);
    drain("poscar = 'a.poscar.gz'", &folder, bytes.len());
}

/// Reads bytes as the listing of a folder with two structures.
pub fn id_prop(bytes: &[u8]) {
    let folder = written("id_prop.csv", bytes);
    let poscar = b"Po\n3\n1 0 0\n0 1 0\n0 0 1\nPo\n1\nDirect\n0 0 0\n";
    for name in ["a.vasp", "b.vasp"] {
        std::fs::write(folder.join(name), poscar).expect("the temporary folder can be written");
    }
    drain("poscar = '.'\ncolumns = [{ name = 'target' }, { name = 'target_2' }]", &folder, bytes.len());
}

fn drain(settings: &str, base: &Path, length: usize) {
    const BATCH: usize = 64;
    let spec: SourceSpec = toml::from_str(settings).expect("a good [source]");
    let Ok(mut source) = open(&spec, base) else { return };
    let decoder = source.decoder();
    let mut frame = Frame::default();
    let mut count = 0;
    CANDIDATE.with_borrow_mut(|candidate| {
        loop {
            frame.clear();
            if source.frame(BATCH, &mut frame).is_err() {
                return;
            }
            for record in &frame.records {
                match decoder.decode(&frame, record, candidate) {
                    Ok(()) => assert!(candidate.values.iter().all(|value| !value.is_infinite())),
                    Err(fault) => check_fault(&fault),
                }
                assert!(!decoder.origin(&frame, record).is_empty() && !decoder.id(&frame, record).is_empty());
            }
            count += frame.records.len();
            // Compressed text may hold many short records; a run-length code of Parquet many equal rows.
            assert!(count <= (length + 1) << 16, "{count} records in {length} bytes");
            if frame.records.len() < BATCH && !frame.is_full {
                return;
            }
        }
    });
}

/// Reads bytes as a model file: as they are, and as a card, an index and data with lengths and checksum that are right.
pub fn model(bytes: &[u8]) {
    use_model(bytes);
    let Some((lengths, rest)) = bytes.split_first_chunk::<4>() else { return };
    let [card, index] = [[lengths[0], lengths[1]], [lengths[2], lengths[3]]].map(u16::from_le_bytes).map(usize::from);
    let (card, rest) = rest.split_at(card.min(rest.len()));
    let (index, data) = rest.split_at(index.min(rest.len()));
    let mut file = b"MSMODEL\n\x01\0\0\0\0\0\0\0".to_vec();
    for part in [card, index, data] {
        file.extend_from_slice(&(part.len() as u64).to_le_bytes());
    }
    file.extend_from_slice(&[card, index, data].concat());
    let digest = Sha256::digest(&file);
    file.extend_from_slice(&digest);
    use_model(&file);
}

fn use_model(bytes: &[u8]) {
    if let Ok(model) = Model::from_bytes(bytes) {
        // A model that is read has passed its self-check, so it predicts; it can be written and read again.
        let again = model.to_bytes().expect("a model that was read can be written");
        Model::from_bytes(&again).expect("and read again");
    }
}

/// Reads bytes as a model that was trained elsewhere; what is understood predicts, alike before and after it was stored.
pub fn import(bytes: &[u8]) {
    let foreign = match read_bytes(bytes) {
        Ok(foreign) => foreign,
        Err(error) => return assert!(!error.to_string().is_empty() && error.to_string().len() < 1 << 16, "{error}"),
    };
    let nodes: usize = foreign.trees.iter().map(Vec::len).sum();
    assert!(nodes <= bytes.len(), "{nodes} nodes in {} bytes", bytes.len());
    let Ok((imported, used)) = Imported::fit(&foreign) else { return };
    let values: Vec<f64> = (0..3 * used.len()).map(|i| [0.0, f64::NAN, -1.5, 1e30, 7.0][i % 5]).collect();
    let columns: Vec<usize> = (0..used.len()).collect();
    let predict = |imported: &Imported| {
        let mut out = [0.0; 3];
        imported.predict(Rows::new(&values, used.len(), &[0, 1, 2], &columns), &mut out);
        out.map(f64::to_bits)
    };
    let again = Imported::from_tensors(imported.spec(), &imported.tensors()).expect("just stored");
    assert_eq!(predict(&imported), predict(&again));
}

/// Parses text as a plan, and resolves what needs no files.
pub fn plan(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Ok(plan) = Plan::parse(text, Path::new("/nonexistent"), &[]) {
        matsieve::screen::Screen::resolve(plan).map(drop).unwrap_or_default();
    }
}
