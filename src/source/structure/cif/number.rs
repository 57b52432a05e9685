//! Numbers as CIF writes them.

/// Powers of ten that are exact in double precision.
const POWERS: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20,
    1e21, 1e22,
];

/// Whether the value says that nothing is known or applies: `?`, `.` or empty.
pub(super) fn is_missing(text: &[u8]) -> bool {
    matches!(text.trim_ascii(), b"?" | b"." | b"")
}

/// The number that a value holds, its uncertainty in parentheses left aside: `1.234(5)`, `-.5`, `1/3`. `None` for anything
/// else, numbers that are not finite included.
pub(super) fn number(text: &[u8]) -> Option<f64> {
    let text = text.trim_ascii();
    let text = match text.iter().position(|byte| *byte == b'(') {
        Some(0) => return None,
        Some(place) => text[..place].trim_ascii_end(),
        None => text,
    };
    exact(text).or_else(|| rounded(text)).or_else(|| fraction(text))
}

/// Digits and a point that one division of two exact numbers turns into the nearest double (Clinger 1990,
/// 10.1145/93542.93557): up to 15 digits.
fn exact(text: &[u8]) -> Option<f64> {
    let (negative, digits) = match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        _ => (false, text),
    };
    if digits.len() > 16 {
        return None;
    }
    let (mut mantissa, mut decimals, mut point, mut any) = (0_u64, 0, false, false);
    for &byte in digits {
        match byte {
            b'0'..=b'9' => {
                mantissa = mantissa * 10 + u64::from(byte - b'0');
                decimals += usize::from(point);
                any = true;
            }
            b'.' if !point => point = true,
            _ => return None,
        }
    }
    // 2^53: larger whole numbers are not exact.
    if !any || mantissa > 1 << 53 {
        return None;
    }
    let value = mantissa as f64 / POWERS[decimals];
    Some(if negative { -value } else { value })
}

/// Exponents and long numbers; words such as `inf` and `nan` are none.
fn rounded(text: &[u8]) -> Option<f64> {
    let is_number = text.iter().all(|byte| matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E'));
    let text = std::str::from_utf8(text).ok().filter(|_| is_number)?;
    text.parse().ok().filter(|value: &f64| value.is_finite())
}

fn fraction(text: &[u8]) -> Option<f64> {
    let slash = text.iter().position(|byte| *byte == b'/')?;
    let (above, below) = (exact(&text[..slash])?, exact(&text[slash + 1..])?);
    (below != 0.0).then(|| above / below)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn uncertainties_signs_exponents_and_fractions_are_read() {
        for (text, value) in [
            ("5.4307(2)", 5.4307),
            ("-.5", -0.5),
            ("+1.", 1.0),
            ("1.5e-3(2)", 0.0015),
            ("90", 90.0),
            (" 0.25 ", 0.25),
            ("1/3", 1.0 / 3.0),
            ("-2/3", -2.0 / 3.0),
            ("0.123456789012345678901", 0.123_456_789_012_345_68),
        ] {
            assert_eq!(number(text.as_bytes()), Some(value), "{text}");
        }
    }

    #[test]
    fn words_and_halves_of_numbers_are_none() {
        for text in ["", ".", "?", "-", "nan", "inf", "1e999", "(5)", "1/0", "1,5", "1.2.3", "0x1", "1e"] {
            assert_eq!(number(text.as_bytes()), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn printed_numbers_come_back_bit_for_bit(value in proptest::num::f64::NORMAL) {
            prop_assert_eq!(number(value.to_string().as_bytes()), Some(value));
            let short = format!("{:.4}", value % 100.0);
            prop_assert_eq!(number(short.as_bytes()), short.parse().ok());
        }
    }
}
