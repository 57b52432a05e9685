//! The byte scanner behind `parse_formula`.

use smallvec::SmallVec;

use super::error::{FormulaError, FormulaErrorKind as Kind};
use super::number::{MAX_DIGITS, Number, digit_at, number_at};
use super::{MAX_AMOUNT, MAX_DEPTH, MAX_FORMULA_BYTES, MIN_AMOUNT};
use crate::chem::Element;

/// Largest charge, in elementary charges.
const MAX_CHARGE: i32 = 99;

const HYDROGEN: Element = Element::from_atomic_number(1).expect("hydrogen is an element");

type Pairs = SmallVec<[(Element, f64); 8]>;

const GROUP: &str = "an element symbol or an opening bracket";
const NEXT: &str = "an element symbol, a bracket, a hydrate dot (\"·\" or \"*\") or a charge at the end";
const CLEAR_CHARGE: &str = "a charge written as \"^2-\" or \" 2-\", and signs nowhere else";
const CLEAR_DOT: &str = "a hydrate dot written as \"·\" or \"*\", and fractions as \"0.5\"";

/// Reads `text` into `pairs` (empty on entry) and returns the charge.
pub(super) fn scan(text: &str, pairs: &mut Pairs) -> Result<Option<i32>, FormulaError> {
    if text.len() > MAX_FORMULA_BYTES {
        return Err(FormulaError::new(
            Kind::TooLarge,
            text,
            MAX_FORMULA_BYTES,
            format!("formula of {} bytes, limit reached", text.len()),
            "at most 4096 bytes",
        ));
    }
    let mut scanner = Scanner { text, bytes: text.as_bytes(), position: 0, levels: SmallVec::new(), pairs };
    scanner.formula()
}

/// What an amount stands behind.
#[derive(Copy, Clone, PartialEq, Eq)]
enum After {
    Symbol,
    Bracket,
    /// Square brackets that open the formula: digits before a final sign are its charge.
    WholeInSquareBrackets,
}

/// The formula itself, or what an open bracket has begun.
#[derive(Default)]
struct Level {
    /// Opening bracket; 0 for the formula itself.
    bracket: u8,
    /// Byte of the opening bracket.
    opened: usize,
    /// First pair of the level.
    start: usize,
    /// First pair of the part after the last hydrate dot.
    part: usize,
    /// What the part is multiplied by, and the byte where that stands.
    multiplier: Option<(f64, usize)>,
    /// Whether a hydrate dot was met.
    dotted: bool,
}

struct Scanner<'a> {
    text: &'a str,
    bytes: &'a [u8],
    position: usize,
    levels: SmallVec<[Level; 4]>,
    pairs: &'a mut Pairs,
}

impl Scanner<'_> {
    fn formula(&mut self) -> Result<Option<i32>, FormulaError> {
        let mut level = Level::default();
        self.skip_space();
        if self.position == self.bytes.len() {
            return Err(self.error(Kind::Empty, 0, "no formula", GROUP));
        }
        self.multiplier(&mut level)?;
        let mut charge = None;
        loop {
            self.skip_space();
            let start = self.position;
            let Some(&byte) = self.bytes.get(start) else { break };
            match byte {
                b'A'..=b'Z' => {
                    let element = self.element()?;
                    self.pairs.push((element, 1.0));
                    if let Some(found) = self.amount(&level, self.pairs.len() - 1, After::Symbol)? {
                        charge = Some(found);
                        break;
                    }
                }
                b'(' | b'[' | b'{' => {
                    if self.levels.len() == MAX_DEPTH {
                        return Err(self.error(Kind::TooLarge, start, "too many brackets", "at most 16 open brackets"));
                    }
                    let count = self.pairs.len();
                    let inner = Level { bracket: byte, opened: start, start: count, part: count, ..Level::default() };
                    self.levels.push(std::mem::replace(&mut level, inner));
                    self.position += 1;
                    self.multiplier(&mut level)?;
                }
                b')' | b']' | b'}' => {
                    if level.bracket == 0 || closing(level.bracket) != byte {
                        let problem = format!("\"{}\" closes nothing", char::from(byte));
                        return Err(self.error(Kind::Unparsable, start, problem, closing_name(level.bracket)));
                    }
                    self.finish_part(&mut level)?;
                    let outer = self.levels.pop().expect("an open bracket has pushed its outer level");
                    let inner = std::mem::replace(&mut level, outer);
                    self.position += 1;
                    let whole = inner.bracket == b'[' && self.text[..inner.opened].trim_start().is_empty();
                    let after = if whole { After::WholeInSquareBrackets } else { After::Bracket };
                    if let Some(found) = self.amount(&level, inner.start, after)? {
                        charge = Some(found);
                        break;
                    }
                }
                b'^' | b'+' | b'-' => {
                    charge = Some(self.charge(&level)?);
                    break;
                }
                b'0'..=b'9' => {
                    charge = Some(self.detached_charge(&level)?);
                    break;
                }
                _ => {
                    if let Some(length) = self.hydrate_dot() {
                        level.dotted = true;
                        self.finish_part(&mut level)?;
                        self.position += length;
                        level.part = self.pairs.len();
                        self.multiplier(&mut level)?;
                    } else if self.charge_digit_at(start).is_some() || self.sign_at(start).is_some() {
                        charge = Some(self.charge(&level)?);
                        break;
                    } else {
                        return Err(self.unexpected(NEXT));
                    }
                }
            }
        }
        if level.bracket != 0 {
            let problem = format!("\"{}\" is never closed", char::from(level.bracket));
            return Err(self.error(Kind::Unparsable, level.opened, problem, closing_name(level.bracket)));
        }
        self.finish_part(&mut level)?;
        self.finish()?;
        Ok(charge)
    }

    /// Merges pairs of the same element, drops what is zero, checks the limits.
    fn finish(&mut self) -> Result<(), FormulaError> {
        merge(self.pairs, 0);
        self.pairs.retain(|(_, amount)| *amount >= MIN_AMOUNT);
        if self.pairs.is_empty() {
            return Err(self.error(
                Kind::Empty,
                0,
                "every amount is zero",
                "at least one element with a positive amount",
            ));
        }
        if let Some((element, _)) = self.pairs.iter().find(|(_, amount)| *amount > MAX_AMOUNT) {
            let problem = format!("amount of {element} is too large");
            return Err(self.error(Kind::TooLarge, 0, problem, "amounts up to 1e12"));
        }
        Ok(())
    }

    /// An optional number at the start of a part.
    fn multiplier(&mut self, level: &mut Level) -> Result<(), FormulaError> {
        self.skip_space();
        level.multiplier = None;
        let start = self.position;
        if let Some(number) = self.number()? {
            level.multiplier = Some((number.value, start));
            self.position = number.end;
        }
        Ok(())
    }

    /// Applies the multiplier of the part that ends here.
    fn finish_part(&mut self, level: &mut Level) -> Result<(), FormulaError> {
        if self.pairs.len() == level.part {
            return Err(self.unexpected(GROUP));
        }
        if let Some((factor, at)) = level.multiplier.take() {
            if !level.dotted {
                return Err(self.error(Kind::Unparsable, at, "number before the first element", GROUP));
            }
            scale(self.pairs, level.part, factor);
        }
        Ok(())
    }

    /// The element whose symbol begins here.
    fn element(&mut self) -> Result<Element, FormulaError> {
        let start = self.position;
        let letters = self.bytes[start + 1..].iter().take_while(|byte| byte.is_ascii_lowercase()).count();
        self.position = start + 1 + letters;
        let symbol = &self.text[start..self.position];
        match Element::from_symbol(symbol) {
            Some(element) => Ok(element),
            None if matches!(symbol, "D" | "T") => Ok(HYDROGEN),
            None => {
                let shown: String = symbol.chars().take(12).collect();
                let problem = format!("\"{shown}\" names no element");
                Err(self.error(Kind::UnknownElement, start, problem, "an IUPAC element symbol (or D, T)"))
            }
        }
    }

    /// An optional amount after a symbol or bracket, applied to the pairs from `first`; or the charge that its digits belong to.
    fn amount(&mut self, level: &Level, first: usize, after: After) -> Result<Option<i32>, FormulaError> {
        let adjacent = self.position;
        self.skip_space();
        let start = self.position;
        let scaled = match self.bytes.get(start) {
            Some(b'0'..=b'9' | b'.' | 0xE2) => self.number()?,
            _ => None,
        };
        let Some(number) = scaled else {
            if self.bytes.get(start) == Some(&b'.') {
                return Err(self.error(Kind::Ambiguous, start, "period that may be a hydrate dot", CLEAR_DOT));
            }
            if after != After::Symbol {
                merge(self.pairs, first);
            }
            return Ok(None);
        };
        if let Some((_, length)) = self.sign_at(number.end) {
            if !self.text[number.end + length..].trim().is_empty() {
                return Err(self.error(Kind::Ambiguous, number.end, "sign inside the formula", CLEAR_CHARGE));
            }
            let clear = start > adjacent
                || after == After::WholeInSquareBrackets
                || after == After::Symbol && self.pairs.len() == 1 && number.integer_digits == 1;
            if !clear || level.bracket != 0 || level.multiplier.is_some() {
                let problem = "digits that may be an amount or a charge";
                return Err(self.error(Kind::Ambiguous, start, problem, CLEAR_CHARGE));
            }
            return self.charge(level).map(Some);
        }
        self.check_period(start, number)?;
        self.position = number.end;
        scale(self.pairs, first, number.value);
        if after != After::Symbol {
            merge(self.pairs, first);
        }
        Ok(None)
    }

    /// Refuses a period that may be a hydrate dot.
    fn check_period(&self, start: usize, number: Number) -> Result<(), FormulaError> {
        let Some(fraction_digits) = number.fraction_digits else { return Ok(()) };
        let next = self.bytes.get(number.end);
        let open_ended = matches!(next, None | Some(b' ' | b'\t' | b')' | b']' | b'}' | b'\r' | b'\n'));
        let ambiguous = next == Some(&b'.')
            || (number.integer_digits == 0 || fraction_digits == 0) && !open_ended
            || fraction_digits > 0 && !number.integer_is_zero && self.solvent_at(number.end);
        if !ambiguous {
            return Ok(());
        }
        let period = self.bytes[start..].iter().position(|&byte| byte == b'.').unwrap_or(0);
        Err(self.error(Kind::Ambiguous, start + period, "period that may be a hydrate dot", CLEAR_DOT))
    }

    /// Whether water or ammonia stands at `position`, in brackets or not. `H2O1` is none: ones are written in lists of amounts.
    fn solvent_at(&self, mut position: usize) -> bool {
        while matches!(self.bytes.get(position), Some(b' ' | b'(' | b'[')) {
            position += 1;
        }
        let mut pattern: &[u8] = match self.bytes.get(position) {
            Some(b'H' | b'D') => b"?2O",
            Some(b'N') => b"NH3",
            _ => return false,
        };
        while let Some((&expected, rest)) = pattern.split_first() {
            let length = match digit_at(self.bytes, position) {
                Some((digit, length)) if digit + b'0' == expected => length,
                None if expected == b'?' || self.bytes.get(position) == Some(&expected) => 1,
                _ => return false,
            };
            position += length;
            pattern = rest;
        }
        digit_at(self.bytes, position).is_none() && !matches!(self.bytes.get(position), Some(b'a'..=b'z' | b'.'))
    }

    /// A number that stands alone must be a charge.
    fn detached_charge(&mut self, level: &Level) -> Result<i32, FormulaError> {
        match self.number()? {
            Some(number) if self.sign_at(number.end).is_some() => self.charge(level),
            _ => Err(self.unexpected(NEXT)),
        }
    }

    /// The charge that begins here; nothing may follow.
    fn charge(&mut self, level: &Level) -> Result<i32, FormulaError> {
        let start = self.position;
        let caret = self.bytes[start] == b'^';
        self.position += usize::from(caret);
        let mut magnitude = self.charge_digits()?;
        let sign_position = self.position;
        let Some((sign, length)) = self.sign_at(sign_position) else { return Err(self.unexpected(CLEAR_CHARGE)) };
        self.position += length;
        if magnitude.is_none() && caret {
            magnitude = self.charge_digits()?;
        }
        self.skip_space();
        if self.position < self.bytes.len() || level.bracket != 0 {
            return Err(self.error(Kind::Ambiguous, sign_position, "sign inside the formula", CLEAR_CHARGE));
        }
        Ok(sign * magnitude.unwrap_or(1))
    }

    /// Digits of a charge, plain or superscript.
    fn charge_digits(&mut self) -> Result<Option<i32>, FormulaError> {
        let start = self.position;
        let mut magnitude = None;
        while let Some((digit, length)) = self.charge_digit_at(self.position) {
            let next = magnitude.unwrap_or(0) * 10 + i32::from(digit);
            if next > MAX_CHARGE {
                return Err(self.error(Kind::TooLarge, start, "charge is too large", "charges of two digits"));
            }
            magnitude = Some(next);
            self.position += length;
        }
        Ok(magnitude)
    }

    fn charge_digit_at(&self, position: usize) -> Option<(u8, usize)> {
        match self.bytes.get(position..)? {
            [digit @ b'0'..=b'9', ..] => Some((digit - b'0', 1)),
            [0xC2, 0xB9, ..] => Some((1, 2)),
            [0xC2, digit @ (0xB2 | 0xB3), ..] => Some((digit - 0xB0, 2)),
            [0xE2, 0x81, digit @ (0xB0 | 0xB4..=0xB9), ..] => Some((digit - 0xB0, 3)),
            _ => None,
        }
    }

    /// A sign and its length: `+ -`, U+2212, superscript plus and minus.
    fn sign_at(&self, position: usize) -> Option<(i32, usize)> {
        match self.bytes.get(position..)? {
            [b'+', ..] => Some((1, 1)),
            [b'-', ..] => Some((-1, 1)),
            [0xE2, 0x88, 0x92, ..] | [0xE2, 0x81, 0xBB, ..] => Some((-1, 3)),
            [0xE2, 0x81, 0xBA, ..] => Some((1, 3)),
            _ => None,
        }
    }

    /// Length of the hydrate dot that begins here: `*`, U+00B7, U+2022, U+2219, U+22C5.
    fn hydrate_dot(&self) -> Option<usize> {
        match &self.bytes[self.position..] {
            [b'*', ..] => Some(1),
            [0xC2, 0xB7, ..] => Some(2),
            [0xE2, 0x80, 0xA2, ..] | [0xE2, 0x88, 0x99, ..] | [0xE2, 0x8B, 0x85, ..] => Some(3),
            _ => None,
        }
    }

    fn number(&self) -> Result<Option<Number>, FormulaError> {
        number_at(self.bytes, self.position).map_err(|position| {
            const { assert!(MAX_DIGITS == 32, "the text below names the limit") };
            self.error(Kind::TooLarge, position, "number is too long", "at most 32 digits")
        })
    }

    /// Skips ASCII white space, no-break and thin spaces.
    fn skip_space(&mut self) {
        loop {
            self.position += match &self.bytes[self.position..] {
                [b' ' | b'\t' | b'\r' | b'\n', ..] => 1,
                [0xC2, 0xA0, ..] => 2,
                [0xE2, 0x80, 0x89 | 0xAF, ..] => 3,
                _ => return,
            };
        }
    }

    fn unexpected(&self, expected: &'static str) -> FormulaError {
        let problem = match self.text[self.position..].chars().next() {
            Some(character) => format!("unexpected \"{}\"", character.escape_debug()),
            None => "unexpected end".to_owned(),
        };
        self.error(Kind::Unparsable, self.position, problem, expected)
    }

    fn error(&self, kind: Kind, position: usize, problem: impl Into<String>, expected: &'static str) -> FormulaError {
        FormulaError::new(kind, self.text, position, problem, expected)
    }
}

fn closing(bracket: u8) -> u8 {
    match bracket {
        b'(' => b')',
        b'[' => b']',
        _ => b'}',
    }
}

fn closing_name(bracket: u8) -> &'static str {
    match bracket {
        b'(' => "\")\"",
        b'[' => "\"]\"",
        b'{' => "\"}\"",
        _ => GROUP,
    }
}

fn scale(pairs: &mut Pairs, first: usize, factor: f64) {
    for (_, amount) in &mut pairs[first..] {
        *amount *= factor;
    }
}

/// Adds up pairs of the same element from `first` on, keeping the order of first appearance.
fn merge(pairs: &mut Pairs, first: usize) {
    let mut end = first;
    for next in first..pairs.len() {
        let (element, amount) = pairs[next];
        match pairs[first..end].iter().position(|(known, _)| *known == element) {
            Some(place) => pairs[first + place].1 += amount,
            None => {
                pairs[end] = (element, amount);
                end += 1;
            }
        }
    }
    pairs.truncate(end);
}
