//! Units of measure: parsing, conversion and quantities written as text (`"-0.10 eV/atom"`).

use std::fmt;

/// Base dimensions: length, mass, time, temperature, amount, current, atoms, currency.
///
/// Atoms are a counting dimension: it keeps `eV` and `eV/atom` apart.
const NUM_DIMENSIONS: usize = 8;

/// A unit of measure: its text, its size in base units and its dimension.
///
/// Two units are equal when size and dimension are; the text is kept as written.
///
/// ```
/// use matsieve::units::Unit;
/// let mev = Unit::parse("meV/atom").unwrap();
/// let ev = Unit::parse("eV/atom").unwrap();
/// assert!((mev.factor_to(&ev).unwrap() - 1e-3).abs() < 1e-18);
/// assert!(ev.factor_to(&Unit::parse("eV").unwrap()).is_none());
/// ```
#[derive(Clone, Debug)]
pub struct Unit {
    text: Box<str>,
    scale: f64,
    exponents: [i8; NUM_DIMENSIONS],
}

/// Why a unit or quantity could not be read.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum UnitError {
    /// A factor of the unit is not in the table.
    #[error("unknown unit \"{symbol}\" in \"{text}\"{}", .suggestion.as_ref().map(|s| format!(", did you mean \"{s}\"?")).unwrap_or_default())]
    UnknownUnit {
        /// The factor that is not known.
        symbol: String,
        /// The whole text.
        text: String,
        /// The closest known symbol.
        suggestion: Option<String>,
    },
    /// The text does not begin with a finite number.
    #[error("\"{text}\" does not begin with a number (expected a quantity such as \"-0.10 eV/atom\")")]
    NoNumber {
        /// The whole text.
        text: String,
    },
    /// A number without unit where one is needed.
    #[error("\"{text}\" has no unit, expected one in {expected} (write for example \"{text} {expected}\")")]
    MissingUnit {
        /// The text.
        text: String,
        /// The unit of the column it is compared with.
        expected: String,
    },
    /// Dimensions differ.
    #[error("\"{found}\" cannot be converted to \"{expected}\"")]
    Incompatible {
        /// Unit that was given.
        found: String,
        /// Unit that is needed.
        expected: String,
    },
}

/// Known symbols: text, size in base units (m, kg, s, K, mol, A, atom, currency), exponents.
#[rustfmt::skip]
const SYMBOLS: &[(&str, f64, [i8; NUM_DIMENSIONS])] = &[
    ("eV", 1.602176634e-19, [2, 1, -2, 0, 0, 0, 0, 0]),
    ("meV", 1.602176634e-22, [2, 1, -2, 0, 0, 0, 0, 0]),
    ("keV", 1.602176634e-16, [2, 1, -2, 0, 0, 0, 0, 0]),
    ("J", 1.0, [2, 1, -2, 0, 0, 0, 0, 0]),
    ("kJ", 1e3, [2, 1, -2, 0, 0, 0, 0, 0]),
    ("kcal", 4184.0, [2, 1, -2, 0, 0, 0, 0, 0]),
    ("hartree", 4.3597447222060e-18, [2, 1, -2, 0, 0, 0, 0, 0]),
    ("Ha", 4.3597447222060e-18, [2, 1, -2, 0, 0, 0, 0, 0]),
    ("Ry", 2.1798723611030e-18, [2, 1, -2, 0, 0, 0, 0, 0]),
    ("angstrom", 1e-10, [1, 0, 0, 0, 0, 0, 0, 0]),
    ("Å", 1e-10, [1, 0, 0, 0, 0, 0, 0, 0]),
    ("bohr", 5.29177210544e-11, [1, 0, 0, 0, 0, 0, 0, 0]),
    ("pm", 1e-12, [1, 0, 0, 0, 0, 0, 0, 0]),
    ("nm", 1e-9, [1, 0, 0, 0, 0, 0, 0, 0]),
    ("um", 1e-6, [1, 0, 0, 0, 0, 0, 0, 0]),
    ("µm", 1e-6, [1, 0, 0, 0, 0, 0, 0, 0]),
    ("mm", 1e-3, [1, 0, 0, 0, 0, 0, 0, 0]),
    ("cm", 1e-2, [1, 0, 0, 0, 0, 0, 0, 0]),
    ("m", 1.0, [1, 0, 0, 0, 0, 0, 0, 0]),
    ("L", 1e-3, [3, 0, 0, 0, 0, 0, 0, 0]),
    ("g", 1e-3, [0, 1, 0, 0, 0, 0, 0, 0]),
    ("mg", 1e-6, [0, 1, 0, 0, 0, 0, 0, 0]),
    ("kg", 1.0, [0, 1, 0, 0, 0, 0, 0, 0]),
    ("t", 1e3, [0, 1, 0, 0, 0, 0, 0, 0]),
    ("u", 1.66053906892e-27, [0, 1, 0, 0, 0, 0, 0, 0]),
    ("s", 1.0, [0, 0, 1, 0, 0, 0, 0, 0]),
    ("fs", 1e-15, [0, 0, 1, 0, 0, 0, 0, 0]),
    ("ps", 1e-12, [0, 0, 1, 0, 0, 0, 0, 0]),
    ("THz", 1e12, [0, 0, -1, 0, 0, 0, 0, 0]),
    ("Hz", 1.0, [0, 0, -1, 0, 0, 0, 0, 0]),
    ("K", 1.0, [0, 0, 0, 1, 0, 0, 0, 0]),
    ("mol", 1.0, [0, 0, 0, 0, 1, 0, 0, 0]),
    ("A", 1.0, [0, 0, 0, 0, 0, 1, 0, 0]),
    ("C", 1.0, [0, 0, 1, 0, 0, 1, 0, 0]),
    ("e", 1.602176634e-19, [0, 0, 1, 0, 0, 1, 0, 0]),
    ("V", 1.0, [2, 1, -3, 0, 0, -1, 0, 0]),
    ("uV", 1e-6, [2, 1, -3, 0, 0, -1, 0, 0]),
    ("W", 1.0, [2, 1, -3, 0, 0, 0, 0, 0]),
    ("S", 1.0, [-2, -1, 3, 0, 0, 2, 0, 0]),
    ("ohm", 1.0, [2, 1, -3, 0, 0, -2, 0, 0]),
    ("Pa", 1.0, [-1, 1, -2, 0, 0, 0, 0, 0]),
    ("kPa", 1e3, [-1, 1, -2, 0, 0, 0, 0, 0]),
    ("MPa", 1e6, [-1, 1, -2, 0, 0, 0, 0, 0]),
    ("GPa", 1e9, [-1, 1, -2, 0, 0, 0, 0, 0]),
    ("muB", 9.2740100657e-24, [2, 0, 0, 0, 0, 1, 0, 0]),
    ("µB", 9.2740100657e-24, [2, 0, 0, 0, 0, 1, 0, 0]),
    ("T", 1.0, [0, 1, -2, 0, 0, -1, 0, 0]),
    ("atom", 1.0, [0, 0, 0, 0, 0, 0, 1, 0]),
    ("USD", 1.0, [0, 0, 0, 0, 0, 0, 0, 1]),
    ("%", 1e-2, [0; NUM_DIMENSIONS]),
    ("ppm", 1e-6, [0; NUM_DIMENSIONS]),
    ("degree", std::f64::consts::PI / 180.0, [0; NUM_DIMENSIONS]),
    ("rad", 1.0, [0; NUM_DIMENSIONS]),
    ("bit", 1.0, [0; NUM_DIMENSIONS]),
    ("1", 1.0, [0; NUM_DIMENSIONS]),
];

impl Unit {
    /// The unit of plain numbers, printed as `1`.
    pub fn dimensionless() -> Self {
        Self { text: "1".into(), scale: 1.0, exponents: [0; NUM_DIMENSIONS] }
    }

    /// Reads a product of symbols with integer exponents: `eV/atom`, `g/cm^3`, `W/(m K)`, `angstrom^-2*eV`, `log10(GPa)`.
    ///
    /// `log10(x)`, `ln(x)` keep their text and are dimensionless of a kind of their own: they convert to nothing but themselves.
    ///
    /// # Errors
    /// [`UnitError::UnknownUnit`] names the factor that is not known.
    pub fn parse(text: &str) -> Result<Self, UnitError> {
        let trimmed = text.trim();
        if trimmed.is_empty() || trimmed == "1" || trimmed == "dimensionless" || trimmed == "unitless" {
            return Ok(Self::dimensionless());
        }
        if let Some(inner) = trimmed.strip_prefix("log10(").or_else(|| trimmed.strip_prefix("ln(")) {
            Self::parse(inner.trim_end_matches(')'))?;
            return Ok(Self { text: trimmed.into(), scale: f64::NAN, exponents: [0; NUM_DIMENSIONS] });
        }
        let mut unit = Self { text: trimmed.into(), scale: 1.0, exponents: [0; NUM_DIMENSIONS] };
        let mut sign = 1i32;
        let mut inside_denominator = false;
        let mut rest = trimmed;
        while let Some(first) = rest.chars().next() {
            match first {
                '/' => {
                    sign = -1;
                    rest = &rest[1..];
                    continue;
                }
                '*' | '·' | ' ' => {
                    if !inside_denominator {
                        sign = if rest.starts_with(' ') { sign } else { 1 };
                    }
                    rest = &rest[first.len_utf8()..];
                    continue;
                }
                '(' => {
                    inside_denominator = sign < 0;
                    rest = &rest[1..];
                    continue;
                }
                ')' => {
                    inside_denominator = false;
                    sign = 1;
                    rest = &rest[1..];
                    continue;
                }
                _ => {}
            }
            let end = rest.find(['/', '*', '·', ' ', '(', ')']).unwrap_or(rest.len());
            let factor = &rest[..end];
            rest = &rest[end..];
            let (symbol, exponent) = split_exponent(factor);
            let Some((_, scale, dims)) = SYMBOLS.iter().find(|s| s.0 == symbol) else {
                return Err(UnitError::UnknownUnit {
                    symbol: symbol.into(),
                    text: trimmed.into(),
                    suggestion: closest(symbol, SYMBOLS.iter().map(|s| s.0)).map(str::to_owned),
                });
            };
            let power = exponent * sign;
            unit.scale *= libm::pow(*scale, f64::from(power));
            for (total, d) in unit.exponents.iter_mut().zip(dims) {
                *total += d * power as i8;
            }
            if !inside_denominator {
                sign = 1;
            }
        }
        Ok(unit)
    }

    /// The text, as written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether plain numbers may be compared with it.
    pub fn is_dimensionless(&self) -> bool {
        self.exponents == [0; NUM_DIMENSIONS] && self.scale == 1.0
    }

    /// Factor that turns a number in `self` into one in `other`; `None` if the dimensions differ.
    pub fn factor_to(&self, other: &Self) -> Option<f64> {
        if self.text == other.text {
            return Some(1.0);
        }
        if self.scale.is_nan() || other.scale.is_nan() || self.exponents != other.exponents {
            return None;
        }
        Some(self.scale / other.scale)
    }
}

impl PartialEq for Unit {
    fn eq(&self, other: &Self) -> bool {
        self.factor_to(other) == Some(1.0)
    }
}

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl serde::Serialize for Unit {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl<'de> serde::Deserialize<'de> for Unit {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

/// Reads `"-0.10 eV/atom"` and returns the number in `expected`.
///
/// # Errors
/// No number, no unit although `expected` has one, unknown unit, other dimension.
pub fn parse_quantity(text: &str, expected: &Unit) -> Result<f64, UnitError> {
    let trimmed = text.trim();
    let end = number_length(trimmed);
    let number: f64 = trimmed[..end].parse().map_err(|_| UnitError::NoNumber { text: text.into() })?;
    if !number.is_finite() {
        return Err(UnitError::NoNumber { text: text.into() });
    }
    let unit_text = trimmed[end..].trim();
    if unit_text.is_empty() {
        if expected.is_dimensionless() {
            return Ok(number);
        }
        return Err(UnitError::MissingUnit { text: text.into(), expected: expected.to_string() });
    }
    let unit = Unit::parse(unit_text)?;
    match unit.factor_to(expected) {
        Some(factor) => Ok(number * factor),
        None => Err(UnitError::Incompatible { found: unit.to_string(), expected: expected.to_string() }),
    }
}

/// The candidate closest to `word` by edit distance, if close enough to be a typing error.
pub fn closest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    candidates
        .into_iter()
        .map(|c| (strsim::damerau_levenshtein(&word.to_lowercase(), &c.to_lowercase()), c))
        .filter(|(distance, c)| *distance <= 1 + c.chars().count().max(word.chars().count()) / 4)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, c)| c)
}

fn split_exponent(factor: &str) -> (&str, i32) {
    if let Some((symbol, power)) = factor.split_once('^') {
        return (symbol, power.parse().unwrap_or(1));
    }
    let digits = factor.trim_end_matches(|c: char| c.is_ascii_digit());
    if digits.len() == factor.len() || digits.is_empty() {
        return (factor, 1);
    }
    let symbol = digits.strip_suffix('-').unwrap_or(digits);
    let sign = if symbol.len() == digits.len() { 1 } else { -1 };
    (symbol, sign * factor[digits.len()..].parse::<i32>().unwrap_or(1))
}

fn number_length(text: &str) -> usize {
    let bytes = text.as_bytes();
    let mut end = 0;
    while end < bytes.len() {
        let numeric = match bytes[end] {
            b'0'..=b'9' | b'.' | b'_' => true,
            b'+' | b'-' => end == 0 || matches!(bytes[end - 1], b'e' | b'E'),
            b'e' | b'E' => {
                end > 0
                    && bytes[end - 1].is_ascii_digit()
                    && matches!(bytes.get(end + 1), Some(b'0'..=b'9' | b'+' | b'-'))
            }
            _ => false,
        };
        if !numeric {
            break;
        }
        end += 1;
    }
    end
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unit(text: &str) -> Unit {
        Unit::parse(text).expect("known unit")
    }

    #[test]
    fn kilojoule_per_mole_is_0_010364_electronvolt_times_avogadro() {
        // 1 kJ = 1000 / 1.602176634e-19 eV = 6.241509e21 eV.
        let factor = unit("kJ/mol").factor_to(&unit("eV/mol")).expect("same dimension");
        assert!((factor / 6.241509074e21 - 1.0).abs() < 1e-9);
    }

    #[test]
    fn denominators_in_brackets_apply_to_every_factor() {
        assert_eq!(unit("W/(m K)"), unit("W/m/K"));
        assert_eq!(unit("W/(m*K)"), unit("W m^-1 K^-1"));
    }

    #[test]
    fn density_converts_between_g_per_cm3_and_kg_per_m3() {
        assert!((unit("g/cm^3").factor_to(&unit("kg/m3")).expect("density") - 1000.0).abs() < 1e-9);
    }

    #[test]
    fn energy_and_energy_per_atom_do_not_mix() {
        assert!(unit("eV").factor_to(&unit("eV/atom")).is_none());
    }

    #[test]
    fn quantity_takes_sign_exponent_and_unit() {
        assert_eq!(parse_quantity("-0.10 eV/atom", &unit("eV/atom")), Ok(-0.10));
        assert_eq!(parse_quantity("1e3meV", &unit("eV")).map(|x| (x * 1e9).round()), Ok(1e9));
        assert_eq!(parse_quantity("5 %", &Unit::dimensionless()), Ok(0.05));
    }

    #[test]
    fn bare_number_is_refused_where_the_column_has_a_unit() {
        assert!(matches!(parse_quantity("1.1", &unit("eV")), Err(UnitError::MissingUnit { .. })));
        assert_eq!(parse_quantity("1.1", &Unit::dimensionless()), Ok(1.1));
    }

    #[test]
    fn misspelt_unit_gets_a_suggestion() {
        let error = Unit::parse("Gpa").expect_err("unknown");
        assert_eq!(error.to_string(), "unknown unit \"Gpa\" in \"Gpa\", did you mean \"GPa\"?");
    }
}
