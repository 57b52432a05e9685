//! Chemical elements by atomic number.

use std::fmt;

/// Number of named elements (IUPAC 2016: hydrogen to oganesson).
pub const NUM_ELEMENTS: usize = 118;

#[rustfmt::skip]
const SYMBOLS: [&str; NUM_ELEMENTS] = [
    "H", "He", "Li", "Be", "B", "C", "N", "O", "F", "Ne", "Na", "Mg", "Al", "Si", "P", "S", "Cl", "Ar",
    "K", "Ca", "Sc", "Ti", "V", "Cr", "Mn", "Fe", "Co", "Ni", "Cu", "Zn", "Ga", "Ge", "As", "Se", "Br", "Kr",
    "Rb", "Sr", "Y", "Zr", "Nb", "Mo", "Tc", "Ru", "Rh", "Pd", "Ag", "Cd", "In", "Sn", "Sb", "Te", "I", "Xe",
    "Cs", "Ba", "La", "Ce", "Pr", "Nd", "Pm", "Sm", "Eu", "Gd", "Tb", "Dy", "Ho", "Er", "Tm", "Yb", "Lu", "Hf",
    "Ta", "W", "Re", "Os", "Ir", "Pt", "Au", "Hg", "Tl", "Pb", "Bi", "Po", "At", "Rn", "Fr", "Ra", "Ac", "Th",
    "Pa", "U", "Np", "Pu", "Am", "Cm", "Bk", "Cf", "Es", "Fm", "Md", "No", "Lr", "Rf", "Db", "Sg", "Bh", "Hs",
    "Mt", "Ds", "Rg", "Cn", "Nh", "Fl", "Mc", "Lv", "Ts", "Og",
];

/// A chemical element; ordered by atomic number.
///
/// ```
/// use matsieve::chem::Element;
/// let iron = Element::from_symbol("Fe").unwrap();
/// assert_eq!(iron.atomic_number(), 26);
/// ```
#[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Element(u8);

impl Element {
    /// The element of this atomic number, 1 to 118.
    pub const fn from_atomic_number(atomic_number: u8) -> Option<Self> {
        if atomic_number >= 1 && atomic_number as usize <= NUM_ELEMENTS { Some(Self(atomic_number)) } else { None }
    }

    /// The element of this symbol, case-sensitive (`Co` is cobalt, `CO` is none).
    pub fn from_symbol(symbol: &str) -> Option<Self> {
        let bytes = symbol.as_bytes();
        let key = match *bytes {
            [a] => symbol_key(a, 0),
            [a, b] => symbol_key(a, b),
            _ => None,
        }?;
        Self::from_atomic_number(BY_SYMBOL[key])
    }

    /// Atomic number, 1 to 118.
    pub const fn atomic_number(self) -> u8 {
        self.0
    }

    /// Row of an element table: atomic number − 1.
    pub const fn row(self) -> usize {
        self.0 as usize - 1
    }

    /// IUPAC symbol.
    pub const fn symbol(self) -> &'static str {
        SYMBOLS[self.row()]
    }

    /// All elements in order of atomic number.
    pub fn all() -> impl ExactSizeIterator<Item = Self> + Clone {
        (0..NUM_ELEMENTS).map(|row| Self(row as u8 + 1))
    }
}

/// Place of a symbol in [`BY_SYMBOL`]: 27 slots (none, a to z) for each capital.
const fn symbol_key(first: u8, second: u8) -> Option<usize> {
    if !first.is_ascii_uppercase() {
        return None;
    }
    let column = match second {
        0 => 0,
        b'a'..=b'z' => (second - b'a') as usize + 1,
        _ => return None,
    };
    Some((first - b'A') as usize * 27 + column)
}

const BY_SYMBOL: [u8; 26 * 27] = {
    let mut table = [0; 26 * 27];
    let mut row = 0;
    while row < NUM_ELEMENTS {
        let bytes = SYMBOLS[row].as_bytes();
        let second = if bytes.len() == 2 { bytes[1] } else { 0 };
        if let Some(key) = symbol_key(bytes[0], second) {
            table[key] = row as u8 + 1;
        }
        row += 1;
    }
    table
};

impl fmt::Debug for Element {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.symbol())
    }
}

impl fmt::Display for Element {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.symbol())
    }
}

impl std::str::FromStr for Element {
    type Err = String;

    fn from_str(symbol: &str) -> Result<Self, Self::Err> {
        Self::from_symbol(symbol).ok_or_else(|| format!("\"{symbol}\" is no element symbol"))
    }
}

impl serde::Serialize for Element {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.symbol())
    }
}

impl<'de> serde::Deserialize<'de> for Element {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let symbol = std::borrow::Cow::<str>::deserialize(deserializer)?;
        symbol.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_symbol_finds_its_own_element() {
        for element in Element::all() {
            assert_eq!(Element::from_symbol(element.symbol()), Some(element));
        }
        assert_eq!(Element::all().len(), 118);
    }

    #[test]
    fn unknown_symbols_are_none() {
        for symbol in ["", "Xx", "fe", "FE", "Fee", "é", "D"] {
            assert_eq!(Element::from_symbol(symbol), None, "{symbol}");
        }
    }
}
