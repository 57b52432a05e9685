//! Hall symbols: a space group in its setting, spelled out by generators.
//!
//! References: S. R. Hall, Acta Cryst. A37, 517 (1981), 10.1107/S0567739481001228; International Tables for Crystallography B,
//! section 1.4 and tables A1.4.2.2 to A1.4.2.6 (2010). Departures: `=` may stand for `"` and `^` for `'`, as in tables that
//! avoid quotes; `_` may stand for a blank.

use super::operation::{Affine, Operation};

type Rotation = [[i8; 3]; 3];

/// More operations than any conventional cell has: a symbol that leads there names no space group.
const MAX_OPERATIONS: usize = 192;

/// The operations of a Hall symbol, the identity first; `None` where it is none.
pub(super) fn hall_operations(symbol: &str) -> Option<Vec<Operation>> {
    let symbol = symbol.replace('_', " ");
    let (symbol, change) = match symbol.find('(') {
        Some(place) => (&symbol[..place], Some(change_of_basis(&symbol[place..])?)),
        None => (&symbol[..], None),
    };
    let mut words = symbol.split_whitespace();
    let lattice = words.next()?;
    let (centric, letter) = match lattice.strip_prefix('-') {
        Some(letter) => (true, letter),
        None => (false, lattice),
    };
    let mut generators: Vec<Operation> = centering(letter)?.iter().map(|&shift| translation(shift)).collect();
    if centric {
        generators.push(Operation { rotation: [[-1, 0, 0], [0, -1, 0], [0, 0, -1]], translation: [0.0; 3] });
    }
    let mut before = None;
    for (place, word) in words.enumerate() {
        let part = part(word, place, before)?;
        generators.push(part.operation);
        before = Some(part);
    }
    if let Some(change) = change {
        for generator in &mut generators {
            *generator = change.transform(generator)?;
        }
    }
    group_of(&generators)
}

fn translation(shift: [f64; 3]) -> Operation {
    Operation { translation: shift, ..Operation::IDENTITY }
}

/// Translations of a centred lattice (table A1.4.2.2).
fn centering(letter: &str) -> Option<&'static [[f64; 3]]> {
    const ONE: f64 = 1.0 / 3.0;
    const TWO: f64 = 2.0 / 3.0;
    Some(match letter {
        "P" => &[],
        "A" => &[[0.0, 0.5, 0.5]],
        "B" => &[[0.5, 0.0, 0.5]],
        "C" => &[[0.5, 0.5, 0.0]],
        "I" => &[[0.5, 0.5, 0.5]],
        "R" => &[[TWO, ONE, ONE]],
        "S" => &[[ONE, ONE, TWO]],
        "T" => &[[ONE, TWO, ONE]],
        "F" => &[[0.0, 0.5, 0.5], [0.5, 0.0, 0.5]],
        _ => return None,
    })
}

/// A generator and what the next one's default axis depends on.
struct Part {
    order: u8,
    axis: u8,
    operation: Operation,
}

/// One generator, `-4bd`, `2"`, `3*`, `61`.
fn part(word: &str, place: usize, before: Option<Part>) -> Option<Part> {
    let (improper, word) = match word.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, word),
    };
    let (order, rest) = word.as_bytes().split_first().filter(|(order, _)| b"12346".contains(order))?;
    let order = order - b'0';
    let (axis, shifts) = match rest.first() {
        Some(b'x' | b'y' | b'z' | b'*' | b'\'' | b'"') => (Some(rest[0]), &rest[1..]),
        Some(b'=') => (Some(b'"'), &rest[1..]),
        Some(b'^') => (Some(b'\''), &rest[1..]),
        _ => (None, rest),
    };
    let axis = axis.or_else(|| default_axis(order, place, before.as_ref()))?;
    let mut rotation = rotation(order, axis, before.map_or(b'z', |part| part.axis))?;
    if improper {
        rotation = rotation.map(|row| row.map(|value| -value));
    }
    let mut translation = [0.0; 3];
    for &letter in shifts {
        let shift: [f64; 3] = match letter {
            b'a' => [0.5, 0.0, 0.0],
            b'b' => [0.0, 0.5, 0.0],
            b'c' => [0.0, 0.0, 0.5],
            b'n' => [0.5; 3],
            b'u' => [0.25, 0.0, 0.0],
            b'v' => [0.0, 0.25, 0.0],
            b'w' => [0.0, 0.0, 0.25],
            b'd' => [0.25; 3],
            b'1'..=b'5' if letter - b'0' < order => {
                let part = f64::from(letter - b'0') / f64::from(order);
                let along = usize::from(axis.checked_sub(b'x').filter(|&along| along < 3)?);
                std::array::from_fn(|i| if i == along { part } else { 0.0 })
            }
            _ => return None,
        };
        for (sum, shift) in translation.iter_mut().zip(shift) {
            *sum += shift;
        }
    }
    let operation = Affine { matrix: rotation.map(|row| row.map(f64::from)), vector: translation }.operation()?;
    Some(Part { order, axis, operation })
}

/// The axis that a symbol leaves unsaid: c for the first generator, a or a − b for a twofold second, the diagonal for a
/// threefold third.
fn default_axis(order: u8, place: usize, before: Option<&Part>) -> Option<u8> {
    match (place, order, before.map(|part| part.order)) {
        (0, ..) | (_, 1, _) => Some(b'z'),
        (1, 2, Some(2 | 4)) => Some(b'x'),
        (1, 2, Some(3 | 6)) => Some(b'\''),
        (2, 3, _) => Some(b'*'),
        _ => None,
    }
}

/// Rotations of tables A1.4.2.4 to A1.4.2.6.
fn rotation(order: u8, axis: u8, before: u8) -> Option<Rotation> {
    let about_z: Rotation = match (order, axis) {
        (1, _) => return Some(Operation::IDENTITY.rotation),
        (3, b'*') => return Some([[0, 0, 1], [1, 0, 0], [0, 1, 0]]),
        (2, b'\'' | b'"') => {
            let sign = if axis == b'"' { 1 } else { -1 };
            let about_z = [[0, sign, 0], [sign, 0, 0], [0, 0, -1]];
            return turned(about_z, if matches!(before, b'x' | b'y') { before } else { b'z' });
        }
        (2, _) => [[-1, 0, 0], [0, -1, 0], [0, 0, 1]],
        (3, _) => [[0, -1, 0], [1, -1, 0], [0, 0, 1]],
        (4, _) => [[0, -1, 0], [1, 0, 0], [0, 0, 1]],
        (6, _) => [[1, -1, 0], [1, 0, 0], [0, 0, 1]],
        _ => return None,
    };
    turned(about_z, axis)
}

/// A rotation about z, with the axes exchanged in turn so that it is one about `axis`.
fn turned(about_z: Rotation, axis: u8) -> Option<Rotation> {
    let by = match axis {
        b'z' => 0,
        b'x' => 1,
        b'y' => 2,
        _ => return None,
    };
    Some(std::array::from_fn(|i| std::array::from_fn(|j| about_z[(i + 3 - by) % 3][(j + 3 - by) % 3])))
}

/// `(0 0 1)`, a shift in twelfths, or `(x-y,x+y,z)`.
fn change_of_basis(text: &str) -> Option<Affine> {
    let inner = text.strip_prefix('(')?.trim_end().strip_suffix(')')?;
    if inner.contains(',') {
        return Affine::from_xyz(inner.as_bytes());
    }
    let mut twelfths = inner.split_whitespace().map(|word| word.parse::<i8>().ok());
    let vector = [twelfths.next()??, twelfths.next()??, twelfths.next()??].map(|part| f64::from(part) / 12.0);
    let identity = Operation::IDENTITY.rotation.map(|row| row.map(f64::from));
    twelfths.next().is_none().then_some(Affine { matrix: identity, vector })
}

/// All products of the generators.
fn group_of(generators: &[Operation]) -> Option<Vec<Operation>> {
    let mut group = vec![Operation::IDENTITY];
    let mut at = 0;
    while at < group.len() {
        for generator in generators {
            let product = generator.after(&group[at]);
            if !group.iter().any(|known| known.is(&product)) {
                if group.len() == MAX_OPERATIONS {
                    return None;
                }
                group.push(product);
            }
        }
        at += 1;
    }
    Some(group)
}

#[cfg(test)]
mod tests {
    use super::*;
    use moyo::data::{HallSymbol, hall_symbol_entry};

    fn triplets(symbol: &str, expected: &[&str]) {
        let group = hall_operations(symbol).unwrap_or_else(|| panic!("{symbol}"));
        assert_eq!(group.len(), expected.len(), "{symbol}");
        for text in expected {
            let wanted = Operation::from_xyz(text.as_bytes()).expect("a triplet");
            assert!(group.iter().any(|operation| operation.is(&wanted)), "{symbol} lacks {text}");
        }
    }

    /// International Tables A, groups 14 (unique axis b, choices 1 and 2) and 146 (rhombohedral axes).
    #[test]
    fn symbols_give_the_general_positions_of_the_tables() {
        triplets("-P 2ybc", &["x,y,z", "-x,y+1/2,-z+1/2", "-x,-y,-z", "x,-y+1/2,z+1/2"]);
        triplets("-P 2yn", &["x,y,z", "-x+1/2,y+1/2,-z+1/2", "-x,-y,-z", "x+1/2,-y+1/2,z+1/2"]);
        triplets("P 3*", &["x,y,z", "z,x,y", "y,z,x"]);
        triplets("P_2ac_2ab (0 0 0)", &["x,y,z", "-x+1/2,-y,z+1/2", "x+1/2,-y+1/2,-z", "-x,y+1/2,-z+1/2"]);
    }

    #[test]
    fn a_change_of_basis_is_applied() {
        triplets("-P 1 (3 0 0)", &["x,y,z", "-x+1/2,-y,-z"]);
        triplets("P 2y (z,x,y)", &["x,y,z", "-x,-y,z"]);
    }

    /// The 530 settings: the same operations as moyo 0.22 finds.
    #[test]
    fn all_tabulated_symbols_agree_with_moyo() {
        for number in 1..=530 {
            let entry = hall_symbol_entry(number).expect("a setting");
            let ours = hall_operations(entry.hall_symbol).unwrap_or_else(|| panic!("{}", entry.hall_symbol));
            let peer = HallSymbol::from_hall_number(number).expect("a symbol");
            let coset = peer.traverse();
            let centering = peer.centering.lattice_points();
            assert_eq!(ours.len(), coset.len() * centering.len(), "{}", entry.hall_symbol);
            for operation in &coset {
                for point in &centering {
                    let rotation = operation.rotation_as_array().map(|row| row.map(f64::from));
                    let vector = std::array::from_fn(|i| operation.translation[i] + point[i]);
                    let wanted = Affine { matrix: rotation, vector }.operation().expect("an operation");
                    assert!(ours.iter().any(|own| own.is(&wanted)), "{} lacks {wanted:?}", entry.hall_symbol);
                }
            }
        }
    }

    #[test]
    fn what_is_no_symbol_is_none_and_endless_groups_end() {
        for symbol in [
            "",
            "-",
            "Q 2",
            "P 5",
            "P 2q",
            "P 2 (1 2)",
            "P 2 (",
            "P 22",
            "P 4 3x 6y",
            "P 4z 3z",
            "P 2 (x,x,x)",
            "(0 0 1)",
        ] {
            assert_eq!(hall_operations(symbol), None, "{symbol}");
        }
    }
}
