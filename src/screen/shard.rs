//! Shards: several runs that share one source, block by block, without speaking to one another.
//!
//! Shard `i` of `n` takes one block of indices of every round of `n` blocks, its place moving on by one from round to round:
//! small blocks in turn balance cost by atoms rather than by files, also where a source is sorted by size or repeats itself
//! with a period. Which candidates a shard owns is arithmetic, so `merge` can check that nothing is missing or twice.

use std::fmt;
use std::ops::Range;
use std::str::FromStr;

/// Indices of a block where records must be read one after the other; passing over those of others is cheap. With 4, the most atoms of
/// one of 64 shards of 46,000 structures are 7 % above the mean; with 32 they are 27 %.
const FRAMED_BLOCK: u64 = 4;

/// Blocks of an enumerated space that each shard gets at least, where the space has as many candidates.
const ROUNDS: u64 = 64;

/// Largest block of an enumerated space: what one thread sweeps at a time.
const LARGEST_BLOCK: u64 = 1 << 20;

/// Most shards of a run; more than a scheduler takes as one array.
pub const MAX_SHARDS: u32 = 100_000;

/// Which of how many.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
pub struct Shard {
    /// From 0.
    pub index: u32,
    /// Number of shards.
    pub count: u32,
}

impl Shard {
    /// A shard, if the index is below the count.
    ///
    /// # Errors
    /// What is out of range.
    pub fn new(index: u32, count: u32) -> Result<Self, String> {
        if count == 0 || count > MAX_SHARDS {
            return Err(format!("{count} shards, expected 1 to {MAX_SHARDS}"));
        }
        if index >= count {
            return Err(format!("shard {index} of {count}, expected 0 to {}", count - 1));
        }
        Ok(Self { index, count })
    }

    /// Name of its result: `shard-3-of-64.h5`.
    pub fn file_name(self) -> String {
        format!("shard-{}-of-{}.h5", self.index, self.count)
    }

    /// The shard of a result's name; `None` for other names.
    pub fn of_file_name(name: &str) -> Option<Self> {
        let (index, count) = name.strip_prefix("shard-")?.strip_suffix(".h5")?.split_once("-of-")?;
        let shard = Self::new(index.parse().ok()?, count.parse().ok()?).ok()?;
        // Not "007" or "+7": one shard has one name.
        (shard.file_name() == name).then_some(shard)
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.index, self.count)
    }
}

impl FromStr for Shard {
    type Err = String;

    /// `I/N`, I from 0.
    fn from_str(text: &str) -> Result<Self, String> {
        let bad = || format!("\"{text}\" is no shard, expected I/N with I from 0 to N - 1, such as 0/64");
        let (index, count) = text.split_once('/').ok_or_else(bad)?;
        Self::new(index.trim().parse().map_err(|_| bad())?, count.trim().parse().map_err(|_| bad())?)
    }
}

/// Who owns which indices.
#[derive(Copy, Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Partition {
    /// Which of how many.
    #[serde(flatten)]
    pub shard: Shard,
    /// Indices of a block.
    pub block: u64,
}

impl Partition {
    /// One run that owns everything.
    pub const WHOLE: Self = Self { shard: Shard { index: 0, count: 1 }, block: u64::MAX };

    /// The share of `shard` in a source; `space` is its size where it is index-addressable.
    pub fn new(shard: Shard, space: Option<u64>) -> Self {
        let block = match space {
            None => FRAMED_BLOCK,
            Some(total) => (total / (u64::from(shard.count) * ROUNDS)).clamp(FRAMED_BLOCK, LARGEST_BLOCK),
        };
        Self { shard, block }
    }

    /// Who owns an index.
    pub fn owner(&self, index: u64) -> u32 {
        let count = u64::from(self.shard.count);
        let block = index / self.block;
        ((block % count + block / count) % count) as u32
    }

    /// The first own indices at or after `from`: a block or the rest of one. Empty, at the end of all numbers, where there is none.
    pub fn next(&self, from: u64) -> Range<u64> {
        let count = u64::from(self.shard.count);
        let block = from / self.block;
        let of_round = |round: u64| {
            let place = (u64::from(self.shard.index) + count - round % count) % count;
            round.checked_mul(count).and_then(|first| first.checked_add(place))
        };
        let round = block / count;
        let own = match of_round(round) {
            Some(own) if own >= block => Some(own),
            _ => of_round(round + 1),
        };
        let Some(start) = own.and_then(|own| own.checked_mul(self.block)) else { return u64::MAX..u64::MAX };
        start.max(from)..start.saturating_add(self.block)
    }

    /// How many indices below `total` are owned.
    pub fn below(&self, total: u64) -> u64 {
        let count = u64::from(self.shard.count);
        let (blocks, rest) = (total / self.block, total % self.block);
        let round = blocks / count;
        let place = (u64::from(self.shard.index) + count - round % count) % count;
        let last = match place.cmp(&(blocks % count)) {
            std::cmp::Ordering::Less => self.block,
            std::cmp::Ordering::Equal => rest,
            std::cmp::Ordering::Greater => 0,
        };
        round * self.block + last
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_index_has_one_owner_who_finds_it(count in 1u32..9, block in 1u64..7, total in 0u64..300) {
            let mut owned = vec![0; total as usize];
            for index in 0..count {
                let partition = Partition { shard: Shard { index, count }, block };
                let mut from = 0;
                let mut number = 0;
                while partition.next(from).start < total {
                    let range = partition.next(from);
                    prop_assert!(range.start >= from && range.end > range.start);
                    for own in range.start..range.end.min(total) {
                        prop_assert_eq!(partition.owner(own), index);
                        owned[own as usize] += 1;
                        number += 1;
                    }
                    from = range.end;
                }
                prop_assert_eq!(partition.below(total), number);
            }
            prop_assert!(owned.iter().all(|&times| times == 1));
        }
    }

    #[test]
    fn a_whole_run_owns_everything() {
        assert_eq!(Partition::WHOLE.next(7), 7..u64::MAX);
        assert_eq!(Partition::WHOLE.below(12), 12);
    }

    #[test]
    fn candidates_that_grow_along_the_source_are_shared_evenly() {
        // Cost of a candidate is its index, as in a table sorted by number of atoms.
        let cost = |index: u32| {
            let partition = Partition { shard: Shard { index, count: 7 }, block: 32 };
            (0..40_000u64).filter(|&i| partition.owner(i) == index).sum::<u64>() as f64
        };
        let costs: Vec<f64> = (0..7).map(cost).collect();
        let mean = costs.iter().sum::<f64>() / 7.0;
        assert!(costs.iter().all(|cost| (cost / mean - 1.0).abs() < 0.01), "{costs:?}");
    }

    #[test]
    fn specifications_out_of_range_are_refused_with_the_range() {
        assert_eq!("3/64".parse(), Ok(Shard { index: 3, count: 64 }));
        for (text, message) in [
            ("64/64", "shard 64 of 64, expected 0 to 63"),
            ("0/0", "0 shards, expected 1 to 100000"),
            ("1", "\"1\" is no shard, expected I/N with I from 0 to N - 1, such as 0/64"),
            ("-1/4", "\"-1/4\" is no shard, expected I/N with I from 0 to N - 1, such as 0/64"),
        ] {
            assert_eq!(text.parse::<Shard>(), Err(message.to_owned()));
        }
    }

    #[test]
    fn names_are_read_back_and_only_those() {
        let shard = Shard { index: 3, count: 64 };
        assert_eq!(Shard::of_file_name(&shard.file_name()), Some(shard));
        for name in ["shard-64-of-64.h5", "shard-03-of-64.h5", "shard-3-of-64.h5.parts", "result.h5"] {
            assert_eq!(Shard::of_file_name(name), None, "{name}");
        }
    }
}
