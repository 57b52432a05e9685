//! Small pieces of talk: the ledger in one line, numbers with thin groups, durations.

use crate::candidate::Ledger;

/// `1234567` as `1,234,567`.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// The ledger in one line: `read 5 = kept 1 + rejected 2 + undecided 1 + faulted 1`.
pub fn ledger_line(ledger: &Ledger) -> String {
    format!(
        "read {} = kept {} + rejected {} + undecided {} + faulted {}",
        grouped(ledger.read()),
        grouped(ledger.kept()),
        grouped(ledger.rejected()),
        grouped(ledger.undecided()),
        grouped(ledger.faulted())
    )
}

/// The funnel as an aligned table, one line a rule.
pub fn funnel(ledger: &Ledger) -> String {
    let width = ledger.rules.iter().map(|r| r.stage.len() + r.rule.len() + 1).max().unwrap_or(0).max(10);
    let mut text = format!(
        "{:<width$} {:>15} {:>15} {:>15} {:>12} {:>10}\n",
        "rule", "in", "kept", "rejected", "undecided", "faulted"
    );
    for rule in &ledger.rules {
        let name = format!("{} {}", rule.stage, rule.rule);
        text.push_str(&format!(
            "{name:<width$} {:>15} {:>15} {:>15} {:>12} {:>10}\n",
            grouped(rule.input),
            grouped(rule.kept),
            grouped(rule.rejected),
            grouped(rule.undecided),
            grouped(rule.faulted)
        ));
    }
    text
}

/// Bytes with a binary prefix.
pub fn bytes(number: u64) -> String {
    let mut value = number as f64;
    for unit in ["B", "KiB", "MiB", "GiB"] {
        if value < 1024.0 {
            return if unit == "B" { format!("{number} B") } else { format!("{value:.1} {unit}") };
        }
        value /= 1024.0;
    }
    format!("{value:.1} TiB")
}

/// Seconds as a person says them.
pub fn duration(seconds: f64) -> String {
    match seconds {
        s if s < 60.0 => format!("{s:.1} s"),
        s if s < 3600.0 => format!("{} min {:02.0} s", (s / 60.0).floor(), s % 60.0),
        s => format!("{} h {:02.0} min", (s / 3600.0).floor(), (s % 3600.0) / 60.0),
    }
}

/// Reads a size such as `4G`, `512M` or plain bytes.
///
/// # Errors
/// The text, and what is expected.
pub fn parse_bytes(text: &str) -> Result<u64, String> {
    let trimmed = text.trim().trim_end_matches(['B', 'b']).trim_end_matches('i');
    let digits = trimmed.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let factor: f64 = match trimmed[digits.len()..].to_ascii_uppercase().as_str() {
        "" => 1.0,
        "K" => 1024.0,
        "M" => 1048576.0,
        "G" => 1073741824.0,
        "T" => 1099511627776.0,
        _ => return Err(format!("\"{text}\" is no size, expected for example 512M or 4G")),
    };
    match digits.trim().parse::<f64>() {
        Ok(number) if number.is_finite() && number >= 0.0 => Ok((number * factor) as u64),
        _ => Err(format!("\"{text}\" is no size, expected for example 512M or 4G")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_numbers_read_as_written() {
        assert_eq!(parse_bytes("4G"), Ok(4 << 30));
        assert_eq!(parse_bytes("512 MiB"), Ok(512 << 20));
        assert!(parse_bytes("many").is_err());
        assert_eq!(grouped(1234567), "1,234,567");
        assert_eq!(grouped(123), "123");
        assert_eq!(duration(3725.0), "1 h 02 min");
    }
}
