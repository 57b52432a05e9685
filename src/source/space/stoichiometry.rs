//! Reduced stoichiometries within bounds.

use crate::candidate::Stoichiometries;

use super::SpaceError;

/// Most stoichiometries of one number of elements: their list is kept in memory (a few bytes each).
const MAX_STOICHIOMETRIES: usize = 1 << 24;

/// All rows of `num_elements` amounts from 1 to `max_amount` with at most `max_atoms` atoms and no common divisor, in
/// lexicographic order.
pub(super) fn reduced(num_elements: usize, max_amount: u8, max_atoms: u32) -> Result<Stoichiometries, SpaceError> {
    let mut amounts = Vec::new();
    let mut row = Vec::with_capacity(num_elements);
    extend(num_elements, max_amount, max_atoms, 0, &mut row, &mut amounts)?;
    Ok(Stoichiometries::new(num_elements, amounts))
}

fn extend(
    num_elements: usize,
    max_amount: u8,
    atoms_left: u32,
    divisor: u8,
    row: &mut Vec<u8>,
    amounts: &mut Vec<u8>,
) -> Result<(), SpaceError> {
    let still_to_come = num_elements - row.len();
    if still_to_come == 0 {
        if divisor == 1 {
            amounts.extend_from_slice(row);
        }
        if amounts.len() / num_elements > MAX_STOICHIOMETRIES {
            return Err(SpaceError::TooManyStoichiometries { num_elements, limit: MAX_STOICHIOMETRIES });
        }
        return Ok(());
    }
    // Every later element takes at least one atom.
    let most = atoms_left.saturating_sub(still_to_come as u32 - 1).min(u32::from(max_amount)) as u8;
    for amount in 1..=most {
        row.push(amount);
        extend(num_elements, max_amount, atoms_left - u32::from(amount), gcd(amount, divisor), row, amounts)?;
        row.pop();
    }
    Ok(())
}

/// Greatest common divisor; `gcd(a, 0) = a`.
fn gcd(a: u8, b: u8) -> u8 {
    if b == 0 { a } else { gcd(b, a % b) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn binaries_up_to_3_are_the_seven_reduced_pairs() {
        let rows = reduced(2, 3, u32::MAX).expect("small");
        let rows: Vec<_> = rows.rows().map(<[u8]>::to_vec).collect();
        assert_eq!(rows, [[1, 1], [1, 2], [1, 3], [2, 1], [2, 3], [3, 1], [3, 2]]);
    }

    #[test]
    fn a_pure_element_has_one_stoichiometry() {
        assert_eq!(reduced(1, 8, 20).expect("small").rows().collect::<Vec<_>>(), [[1]]);
    }

    #[test]
    fn atoms_are_limited_and_common_divisors_refused() {
        // Brute force: all triples, then the conditions as they are written.
        let mut expected = Vec::new();
        for a in 1..=6u8 {
            for b in 1..=6u8 {
                for c in 1..=6u8 {
                    let common = (2..=6).any(|d| a % d == 0 && b % d == 0 && c % d == 0);
                    if a + b + c <= 9 && !common {
                        expected.push([a, b, c]);
                    }
                }
            }
        }
        let rows = reduced(3, 6, 9).expect("small");
        assert_eq!(rows.rows().collect::<Vec<_>>(), expected);
    }

    #[test]
    fn too_long_lists_are_an_error() {
        assert!(matches!(reduced(9, 255, u32::MAX), Err(SpaceError::TooManyStoichiometries { num_elements: 9, .. })));
    }
}
