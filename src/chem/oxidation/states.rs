//! A set of oxidation states as a bit mask.

/// Largest magnitude of an oxidation state.
pub const MAX_STATE: i8 = 15;

/// A set of oxidation states from −15 to +15.
///
/// ```
/// use matsieve::chem::oxidation::StateSet;
/// let iron: StateSet = [2, 3].into_iter().collect();
/// assert_eq!(iron.iter().collect::<Vec<_>>(), [2, 3]);
/// assert_eq!(iron.lowest(), Some(2));
/// ```
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct StateSet(u32);

impl StateSet {
    /// No state.
    pub const EMPTY: Self = Self(0);

    const POSITIVE: u32 = !0 << (MAX_STATE + 1);
    const NEGATIVE: u32 = (1 << MAX_STATE) - 1;

    /// Adds a state; false if its magnitude is above [`MAX_STATE`].
    pub fn insert(&mut self, state: i8) -> bool {
        let fits = state.unsigned_abs() <= MAX_STATE.unsigned_abs();
        if fits {
            self.0 |= 1 << (state + MAX_STATE);
        }
        fits
    }

    /// Whether a state belongs to it.
    pub fn contains(self, state: i8) -> bool {
        state.unsigned_abs() <= MAX_STATE.unsigned_abs() && self.0 >> (state + MAX_STATE) & 1 == 1
    }

    /// Whether it has no state.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Number of states.
    pub fn len(self) -> usize {
        self.0.count_ones() as usize
    }

    /// The positive states.
    pub fn positive(self) -> Self {
        Self(self.0 & Self::POSITIVE)
    }

    /// The negative states.
    pub fn negative(self) -> Self {
        Self(self.0 & Self::NEGATIVE)
    }

    /// Zero, if it belongs to the set.
    pub fn zero(self) -> Self {
        Self(self.0 & 1 << MAX_STATE)
    }

    /// States of both sets.
    pub fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Lowest state.
    pub fn lowest(self) -> Option<i8> {
        (self.0 != 0).then(|| self.0.trailing_zeros() as i8 - MAX_STATE)
    }

    /// Highest state.
    pub fn highest(self) -> Option<i8> {
        (self.0 != 0).then(|| 31 - self.0.leading_zeros() as i8 - MAX_STATE)
    }

    /// The states, lowest first.
    pub fn iter(self) -> impl Iterator<Item = i8> {
        let mut rest = self.0;
        std::iter::from_fn(move || {
            let lowest = Self(rest).lowest()?;
            rest &= rest - 1;
            Some(lowest)
        })
    }
}

impl FromIterator<i8> for StateSet {
    /// The set of the states; ones above [`MAX_STATE`] in magnitude are no oxidation states and left out.
    fn from_iter<I: IntoIterator<Item = i8>>(states: I) -> Self {
        let mut set = Self::EMPTY;
        for state in states {
            set.insert(state);
        }
        set
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sign_parts_split_a_set() {
        let set: StateSet = [-3, 0, 5].into_iter().collect();
        assert_eq!(set.negative().iter().collect::<Vec<_>>(), [-3]);
        assert_eq!(set.positive().iter().collect::<Vec<_>>(), [5]);
        assert_eq!(set.zero().union(set.positive()).union(set.negative()), set);
        assert_eq!((set.lowest(), set.highest(), set.len()), (Some(-3), Some(5), 3));
    }

    #[test]
    fn the_largest_states_fit_and_larger_ones_do_not() {
        let set: StateSet = [-15, 15, 16, -16].into_iter().collect();
        assert_eq!(set.iter().collect::<Vec<_>>(), [-15, 15]);
        assert!(!set.contains(16) && set.contains(-15));
    }
}
