//! Folds of an evaluation kept on disk as they end: a killed evaluation goes on with the fold it was at, and folds that
//! were evaluated one by one, on several machines too, are joined by evaluating all with the same folder.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::candidate::Predictions;
use crate::product;

use super::dataset::Dataset;
use super::error::SurrogateError;
use super::evaluate::FoldScores;
use super::file::hex;
use super::recipe::Recipe;
use super::splits::Fold;

/// A folder of finished folds. Files of other data, folds, recipes or versions are not taken, whatever lies there.
#[derive(Clone, Debug)]
pub struct Checkpoint {
    folder: PathBuf,
}

/// A finished fold. Numbers as bits: JSON has no NaN, and none may be lost.
#[derive(Serialize, Deserialize)]
struct Finished {
    /// What the fold was made from.
    key: String,
    scores: FoldScores,
    numbers: [Vec<u64>; 6],
    in_domain: Vec<u8>,
    num_classes: usize,
}

impl Checkpoint {
    /// Keeps folds in `folder`, which is made if it is not there.
    ///
    /// # Errors
    /// A folder that cannot be made.
    pub fn new(folder: &Path) -> Result<Self, SurrogateError> {
        fs::create_dir_all(folder).map_err(|error| unwritable(folder, &error))?;
        Ok(Self { folder: folder.to_owned() })
    }

    /// The fold, if it was finished before.
    pub(super) fn load(&self, data: &Dataset, fold: &Fold, recipe: &Recipe) -> Option<(FoldScores, Predictions)> {
        let key = key(data, fold, recipe);
        let text = fs::read(self.path(&key)).ok()?;
        let finished: Finished = serde_json::from_slice(&text).ok()?;
        let rows = fold.test.len();
        let classes = finished.num_classes;
        let lengths_fit = finished.numbers[..5].iter().all(|column| column.len() == rows)
            && finished.numbers[5].len() == rows * classes
            && finished.in_domain.len() == rows;
        if finished.key != key || !lengths_fit {
            return None;
        }
        let [value, std, lower, upper, domain_distance, probability] =
            finished.numbers.map(|column| column.into_iter().map(f64::from_bits).collect());
        let predictions = Predictions {
            value,
            std,
            lower,
            upper,
            domain_distance,
            in_domain: finished.in_domain,
            probability,
            num_classes: classes,
        };
        Some((finished.scores, predictions))
    }

    /// Keeps a fold: the file is whole or not there.
    ///
    /// # Errors
    /// A folder that cannot be written to.
    pub(super) fn save(
        &self,
        data: &Dataset,
        fold: &Fold,
        recipe: &Recipe,
        (scores, predictions): (&FoldScores, &Predictions),
    ) -> Result<(), SurrogateError> {
        let key = key(data, fold, recipe);
        let bits = |column: &[f64]| column.iter().map(|x| x.to_bits()).collect();
        let p = predictions;
        let finished = Finished {
            scores: scores.clone(),
            numbers: [&p.value, &p.std, &p.lower, &p.upper, &p.domain_distance, &p.probability].map(|x| bits(x)),
            in_domain: p.in_domain.clone(),
            num_classes: p.num_classes,
            key,
        };
        let path = self.path(&finished.key);
        let part = path.with_extension(format!("part-{}", std::process::id()));
        let write = || -> std::io::Result<()> {
            let mut file = fs::File::create(&part)?;
            file.write_all(&serde_json::to_vec(&finished)?)?;
            file.sync_all()?;
            fs::rename(&part, &path)
        };
        write().map_err(|error| unwritable(&path, &error))
    }

    fn path(&self, key: &str) -> PathBuf {
        self.folder.join(format!("fold-{}.json", &key[..16]))
    }
}

fn unwritable(path: &Path, error: &std::io::Error) -> SurrogateError {
    SurrogateError::Checkpoint { path: path.display().to_string(), reason: error.to_string() }
}

/// Digest of everything that decides the result of a fold.
fn key(data: &Dataset, fold: &Fold, recipe: &Recipe) -> String {
    let mut hasher = Sha256::new();
    let all: Vec<usize> = (0..data.len()).collect();
    hasher.update(product::LONG_VERSION);
    hasher.update(format!("{:?} {:?} {:?}", data.target, data.task, recipe));
    hasher.update(data.row_hash(&all));
    hasher.update(data.faulted.iter().map(|&faulted| u8::from(faulted)).collect::<Vec<_>>());
    for rows in [&fold.train, &fold.test] {
        hasher.update((rows.len() as u64).to_le_bytes());
        for &row in rows {
            hasher.update((row as u64).to_le_bytes());
        }
    }
    hex(&hasher.finalize())
}
