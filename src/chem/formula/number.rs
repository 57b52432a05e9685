//! Amounts: decimal numbers in ASCII digits or Unicode subscripts.

/// A number as it stands in a formula.
#[derive(Copy, Clone, Debug, PartialEq)]
pub(super) struct Number {
    /// Value.
    pub value: f64,
    /// First byte after it.
    pub end: usize,
    /// Digits before the period.
    pub integer_digits: u32,
    /// Whether the digits before the period are all zero.
    pub integer_is_zero: bool,
    /// Whether it has a period, and how many digits follow.
    pub fraction_digits: Option<u32>,
}

/// Most digits of a number.
pub(super) const MAX_DIGITS: u32 = 32;

/// Largest mantissa and power of ten whose quotient is correctly rounded.
const EXACT_MANTISSA: u64 = 1 << 53;
const POWERS: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20,
    1e21, 1e22,
];

/// The digit that begins at `position`, and its length in bytes.
pub(super) fn digit_at(bytes: &[u8], position: usize) -> Option<(u8, usize)> {
    match bytes.get(position) {
        Some(&digit @ b'0'..=b'9') => Some((digit - b'0', 1)),
        // U+2080 to U+2089, the subscripts.
        Some(0xE2) => match bytes.get(position + 1..position + 3) {
            Some(&[0x82, digit @ 0x80..=0x89]) => Some((digit - 0x80, 3)),
            _ => None,
        },
        _ => None,
    }
}

/// The number at `start`: `None` if there is no digit (a lone period included), `Err` with the byte where it grows too long.
pub(super) fn number_at(bytes: &[u8], start: usize) -> Result<Option<Number>, usize> {
    let mut position = start;
    let mut mantissa = 0u64;
    let (mut integer_digits, mut total, mut integer_is_zero) = (0, 0, true);
    let mut fraction_digits = None;
    loop {
        while let Some((digit, length)) = digit_at(bytes, position) {
            total += 1;
            if total > MAX_DIGITS {
                return Err(position);
            }
            mantissa = mantissa.saturating_mul(10).saturating_add(u64::from(digit));
            position += length;
            match &mut fraction_digits {
                Some(count) => *count += 1,
                None => {
                    integer_digits += 1;
                    integer_is_zero &= digit == 0;
                }
            }
        }
        if fraction_digits.is_none() && bytes.get(position) == Some(&b'.') {
            fraction_digits = Some(0);
            position += 1;
        } else {
            break;
        }
    }
    if total == 0 {
        return Ok(None);
    }
    let places = fraction_digits.unwrap_or(0);
    let value = match POWERS.get(places as usize) {
        Some(power) if mantissa < EXACT_MANTISSA => mantissa as f64 / power,
        _ => decimal(bytes, start, position),
    };
    Ok(Some(Number { value, end: position, integer_digits, integer_is_zero, fraction_digits }))
}

/// The correctly rounded value of a long number.
#[cold]
fn decimal(bytes: &[u8], start: usize, end: usize) -> f64 {
    let mut text = String::with_capacity(end - start + 1);
    let mut position = start;
    while position < end {
        match digit_at(bytes, position) {
            Some((digit, length)) => {
                text.push(char::from(b'0' + digit));
                position += length;
            }
            None => {
                text.push('.');
                position += 1;
            }
        }
    }
    text.parse().expect("digits with at most one period are a number")
}
