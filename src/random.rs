//! The mixing function behind all random numbers: what is random is a function of a key, so no order of work can change it.

/// Step between the states of SplitMix64.
pub const STEP: u64 = 0x9e37_79b9_7f4a_7c15;

/// SplitMix64's finaliser: variant 13 of the 64-bit mixers.
///
/// # References
/// Steele, Lea, Flood, OOPSLA 2014, doi 10.1145/2660193.2660195, figure 17.
pub const fn mix(mut bits: u64) -> u64 {
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

/// The number that SplitMix64 gives from this state.
pub const fn splitmix(state: u64) -> u64 {
    mix(state.wrapping_add(STEP))
}

/// A random UUID (version 4), for names of runs: nothing of a result depends on it.
///
/// From the keys of the standard library's hash maps, which ask the kernel directly. Other sources of a statically linked
/// program look for `/dev/urandom`, which a container or chroot may not have.
pub fn random_uuid() -> String {
    use std::hash::{BuildHasher, RandomState};
    let bits = [0_u8, 1].map(|half| RandomState::new().hash_one(half));
    let bytes: [u8; 16] = std::array::from_fn(|place| bits[place / 8].to_le_bytes()[place % 8]);
    uuid::Builder::from_random_bytes(bytes).into_uuid().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn random_names_differ_and_say_their_version() {
        let names: std::collections::BTreeSet<String> = (0..1000).map(|_| random_uuid()).collect();
        assert_eq!(names.len(), 1000);
        assert!(names.iter().all(|name| name.len() == 36 && &name[14..15] == "4" && "89ab".contains(&name[19..20])));
    }

    #[test]
    fn first_numbers_match_the_published_generator() {
        // Output of the reference C code (Vigna, splitmix64.c) for x = 0, and its published test vector for x = 1234567.
        let first = [0, STEP, STEP.wrapping_mul(2)].map(splitmix);
        assert_eq!(first, [0xe220_a839_7b1d_cdaf, 0x6e78_9e6a_a1b9_65f4, 0x06c4_5d18_8009_454f]);
        assert_eq!(splitmix(1_234_567), 6_457_827_717_110_365_317);
    }
}
