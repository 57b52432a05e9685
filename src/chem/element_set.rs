//! Sets of elements, and the groups that plans may name instead of listing symbols.

use super::Element;

/// A set of elements; iterates in order of atomic number.
///
/// ```
/// use matsieve::chem::ElementSet;
/// let set = ElementSet::from_names(["halogens", "Fe"]).unwrap();
/// assert_eq!(set.iter().map(|e| e.symbol()).collect::<Vec<_>>(), ["F", "Cl", "Fe", "Br", "I", "At", "Ts"]);
/// ```
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct ElementSet(u128);

/// Inclusive ranges of atomic numbers.
type Ranges = &'static [(u8, u8)];

/// Named groups: columns of the IUPAC periodic table (2022), blocks, and what screens usually need.
const GROUPS: &[(&str, Ranges)] = &[
    ("all", &[(1, 118)]),
    ("alkali_metals", &[(3, 3), (11, 11), (19, 19), (37, 37), (55, 55), (87, 87)]),
    ("alkaline_earth_metals", &[(4, 4), (12, 12), (20, 20), (38, 38), (56, 56), (88, 88)]),
    // Groups 3 to 12 without the f block: La and Lu, Ac and Lr count there.
    ("transition_metals", &[(21, 30), (39, 48), (72, 80), (104, 112)]),
    ("lanthanides", &[(57, 71)]),
    ("actinides", &[(89, 103)]),
    ("rare_earths", &[(21, 21), (39, 39), (57, 71)]),
    ("pnictogens", &[(7, 7), (15, 15), (33, 33), (51, 51), (83, 83), (115, 115)]),
    ("chalcogens", &[(8, 8), (16, 16), (34, 34), (52, 52), (84, 84), (116, 116)]),
    ("halogens", &[(9, 9), (17, 17), (35, 35), (53, 53), (85, 85), (117, 117)]),
    ("noble_gases", &[(2, 2), (10, 10), (18, 18), (36, 36), (54, 54), (86, 86), (118, 118)]),
    // Without Tc, Pm and all beyond Bi: at least one isotope lives longer than the Earth; Th and U are left out too.
    ("nonradioactive", &[(1, 42), (44, 60), (62, 83)]),
];

impl ElementSet {
    /// The empty set.
    pub const EMPTY: Self = Self(0);

    /// Reads symbols and names of groups (`all alkali_metals alkaline_earth_metals transition_metals lanthanides actinides
    /// rare_earths pnictogens chalcogens halogens noble_gases nonradioactive`).
    ///
    /// # Errors
    /// A word that is neither, with the closest name.
    pub fn from_names<S: AsRef<str>>(names: impl IntoIterator<Item = S>) -> Result<Self, String> {
        let mut set = Self::EMPTY;
        for name in names {
            let name = name.as_ref();
            if let Some(element) = Element::from_symbol(name) {
                set.insert(element);
            } else if let Some((_, ranges)) = GROUPS.iter().find(|group| group.0 == name) {
                set.extend(Element::all().filter(|element| {
                    let z = element.atomic_number();
                    ranges.iter().any(|&(first, last)| first <= z && z <= last)
                }));
            } else {
                let groups = GROUPS.iter().map(|group| group.0);
                let known = groups.clone().chain(Element::all().map(Element::symbol));
                return Err(match crate::units::closest(name, known) {
                    Some(word) => format!("\"{name}\" is no element, did you mean \"{word}\"?"),
                    None => {
                        let groups = groups.collect::<Vec<_>>().join(", ");
                        format!("\"{name}\" is no element and no group ({groups})")
                    }
                });
            }
        }
        Ok(set)
    }

    /// Adds an element.
    pub fn insert(&mut self, element: Element) {
        self.0 |= 1 << element.row();
    }

    /// Whether it is in the set.
    pub fn contains(self, element: Element) -> bool {
        self.0 >> element.row() & 1 == 1
    }

    /// Whether the sets share no element.
    pub fn is_disjoint(self, other: Self) -> bool {
        self.0 & other.0 == 0
    }

    /// Whether every element of `self` is in `other`.
    pub fn is_subset(self, other: Self) -> bool {
        self.0 & !other.0 == 0
    }

    /// Elements of `self` that are not in `other`.
    pub fn difference(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Elements in both.
    pub fn intersection(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Number of elements.
    pub fn len(self) -> usize {
        self.0.count_ones() as usize
    }

    /// Whether it is empty.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Elements in order of atomic number.
    pub fn iter(self) -> impl Iterator<Item = Element> + Clone {
        Element::all().filter(move |&element| self.contains(element))
    }
}

impl Extend<Element> for ElementSet {
    fn extend<I: IntoIterator<Item = Element>>(&mut self, elements: I) {
        for element in elements {
            self.insert(element);
        }
    }
}

impl FromIterator<Element> for ElementSet {
    fn from_iter<I: IntoIterator<Item = Element>>(elements: I) -> Self {
        let mut set = Self::EMPTY;
        set.extend(elements);
        set
    }
}

impl serde::Serialize for ElementSet {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

impl<'de> serde::Deserialize<'de> for ElementSet {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::from_names(Vec::<String>::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn symbols(names: &[&str]) -> String {
        let set = ElementSet::from_names(names).expect("known names");
        set.iter().map(Element::symbol).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn groups_are_columns_and_blocks_of_the_periodic_table() {
        assert_eq!(symbols(&["alkali_metals"]), "Li Na K Rb Cs Fr");
        assert_eq!(symbols(&["alkaline_earth_metals"]), "Be Mg Ca Sr Ba Ra");
        assert_eq!(symbols(&["pnictogens"]), "N P As Sb Bi Mc");
        assert_eq!(symbols(&["chalcogens"]), "O S Se Te Po Lv");
        assert_eq!(symbols(&["noble_gases"]), "He Ne Ar Kr Xe Rn Og");
        assert_eq!(symbols(&["lanthanides"]), "La Ce Pr Nd Pm Sm Eu Gd Tb Dy Ho Er Tm Yb Lu");
        assert_eq!(symbols(&["actinides"]), "Ac Th Pa U Np Pu Am Cm Bk Cf Es Fm Md No Lr");
        assert_eq!(ElementSet::from_names(["transition_metals"]).map(ElementSet::len), Ok(38));
        assert_eq!(ElementSet::from_names(["nonradioactive"]).map(ElementSet::len), Ok(81));
        assert_eq!(ElementSet::from_names(["all"]).map(ElementSet::len), Ok(118));
    }

    #[test]
    fn unknown_words_get_the_closest_name() {
        let error = |name| ElementSet::from_names([name]).expect_err("unknown");
        assert_eq!(error("halogen"), "\"halogen\" is no element, did you mean \"halogens\"?");
        assert!(error("unobtainium").contains("no group (all, alkali_metals"), "{}", error("unobtainium"));
    }
}
