//! Space groups by name and number: the 530 settings that the tables of `moyo` know, and how files write them.

use std::sync::LazyLock;

use moyo::data::{HallSymbolEntry, hall_symbol_entry};

/// A setting: its Hall symbol and where it comes from.
#[derive(Copy, Clone, Debug, PartialEq)]
pub(super) struct Setting {
    /// Hall symbol.
    pub hall: &'static str,
    /// Number of the space group, 1 to 230.
    pub number: u16,
    /// Which choice of axes, cell or origin: `b1`, `2cab`, `H`, …
    pub choice: &'static str,
}

/// Symbols with the letter e (International Tables A, 5th edition) as older files write them, by place among the 530.
#[rustfmt::skip]
const OLD_SYMBOLS: [(i32, &str); 40] = [
    (191, "Abm2"), (192, "Bma2"), (193, "B2cm"), (194, "C2mb"), (195, "Cm2a"), (196, "Ac2m"),
    (203, "Aba2"), (204, "Bba2"), (205, "B2cb"), (206, "C2cb"), (207, "Cc2a"), (208, "Ac2a"),
    (304, "Cmca"), (305, "Ccmb"), (306, "Abma"), (307, "Acam"), (308, "Bbcm"), (309, "Bmab"),
    (316, "Cmma"), (317, "Cmmb"), (318, "Abmm"), (319, "Acmm"), (320, "Bmcm"), (321, "Bmam"),
    (322, "Ccca"), (323, "Ccca"), (324, "Cccb"), (325, "Cccb"), (326, "Abaa"), (327, "Abaa"),
    (328, "Acaa"), (329, "Acaa"), (330, "Bbcb"), (331, "Bbcb"), (332, "Bbab"), (333, "Bbab"),
    (324, "Ccce"), (325, "Ccce"), (331, "Bbeb"), (333, "Bbeb"),
];

/// Triclinic groups in centred cells, which the tables do not have: name and Hall symbol.
const CENTRED_TRICLINIC: [(&str, &str); 10] = [
    ("a1", "A 1"),
    ("b1", "B 1"),
    ("c1", "C 1"),
    ("i1", "I 1"),
    ("f1", "F 1"),
    ("a-1", "-A 1"),
    ("b-1", "-B 1"),
    ("c-1", "-C 1"),
    ("i-1", "-I 1"),
    ("f-1", "-F 1"),
];

/// Names in plain spelling with the places of their settings, sorted.
static NAMES: LazyLock<Vec<(String, i32)>> = LazyLock::new(|| {
    let mut names = Vec::new();
    for place in 1..=530 {
        let Some(entry) = hall_symbol_entry(place) else { continue };
        let without_ones = entry.hm_full.split(' ').filter(|part| *part != "1").collect::<String>();
        let mut spellings = vec![plain(entry.hm_short), plain(entry.hm_full), plain(&without_ones)];
        if matches!(entry.number, 200..=206 | 221..=230) {
            // Before 1983 the bar of the threefold axis was left out: Fm3m for F m -3 m.
            spellings.push(spellings[0].replace('-', ""));
        }
        names.extend(spellings.into_iter().map(|name| (name, place)));
    }
    names.extend(OLD_SYMBOLS.map(|(place, name)| (plain(name), place)));
    names.sort();
    names.dedup();
    names
});

/// A symbol without blanks and underscores, in small letters.
fn plain(symbol: &str) -> String {
    symbol
        .chars()
        .filter(|letter| !letter.is_whitespace() && *letter != '_')
        .map(|letter| letter.to_ascii_lowercase())
        .collect()
}

fn settings_of(name: &str) -> Vec<HallSymbolEntry> {
    let start = NAMES.partition_point(|(known, _)| known.as_str() < name);
    let same = NAMES[start..].iter().take_while(|(known, _)| known == name);
    same.filter_map(|&(_, place)| hall_symbol_entry(place)).collect()
}

fn setting(entry: HallSymbolEntry) -> Setting {
    Setting { hall: entry.hall_symbol, number: entry.number as u16, choice: entry.setting }
}

/// The settings that a Hermann-Mauguin symbol may mean, in the order of the tables; empty where it is none.
///
/// Blanks, underscores and case do not count; short, full and old symbols are known. A choice may follow: `:1`, `:2`, `:H`,
/// `:R`, `:b1`, or the letters H, R, S (first origin), Z (second origin) as ICSD writes them; `choice` is one given apart.
pub(super) fn by_name(symbol: &str, choice: Option<&str>) -> Vec<Setting> {
    let name = plain(symbol);
    let (name, suffix) = match name.split_once(':') {
        Some((name, suffix)) => (name.to_owned(), Some(suffix.to_owned())),
        None => (name, None),
    };
    // Explanations in parentheses, and a minus behind the digit that it belongs to (typewriters had no bar).
    let name = name.split('(').next().unwrap_or_default().to_owned();
    if let Some((_, hall)) = CENTRED_TRICLINIC.iter().find(|(known, _)| *known == name) {
        return vec![Setting { hall, number: if hall.starts_with('-') { 2 } else { 1 }, choice: "" }];
    }
    let known = |name: &str| {
        let entries = settings_of(name);
        if entries.is_empty() { settings_of(&name.replace("3-", "-3")) } else { entries }
    };
    let mut entries = known(&name);
    let mut wanted = suffix;
    if entries.is_empty()
        && let Some(letter) = name.chars().last().filter(|letter| "hrsz".contains(*letter))
    {
        let stem = &name[..name.len() - 1];
        entries = known(stem.strip_suffix('-').unwrap_or(stem));
        wanted = Some(letter.to_string());
    }
    let mut settings: Vec<_> = entries.into_iter().map(setting).collect();
    for wanted in [wanted.as_deref(), choice].into_iter().flatten() {
        let wanted = match wanted.to_ascii_lowercase().as_str() {
            "s" => "1".to_owned(),
            "z" => "2".to_owned(),
            other => other.to_owned(),
        };
        let is_wanted = |setting: &Setting| {
            let choice = setting.choice.to_ascii_lowercase();
            choice == wanted || (matches!(&wanted[..], "1" | "2") && choice.starts_with(&wanted))
        };
        if settings.iter().any(is_wanted) {
            settings.retain(is_wanted);
        }
    }
    settings
}

/// The settings of a space group, in the order of the tables.
pub(super) fn by_number(number: u16) -> Vec<Setting> {
    (1..=530).filter_map(hall_symbol_entry).filter(|entry| entry.number == i32::from(number)).map(setting).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn halls(symbol: &str) -> Vec<&'static str> {
        by_name(symbol, None).into_iter().map(|setting| setting.hall).collect()
    }

    /// Hall symbols of International Tables B, table A1.4.2.7.
    #[test]
    fn symbols_in_every_spelling_find_their_setting() {
        for (symbol, hall) in [
            ("P 21/c", "-P 2ybc"),
            ("P 1 21/c 1", "-P 2ybc"),
            ("P2_1/n", "-P 2yn"),
            ("P 1 1 21/b", "-P 2bc"),
            ("Fm3m", "-F 4 2 3"),
            ("F m 3- m", "-F 4 2 3"),
            ("C m c a", "-C 2ac 2"),
            ("Cmce", "-C 2ac 2"),
            ("P n m a", "-P 2ac 2n"),
            ("P 63/m m c", "-P 6c 2c"),
            ("P 2 3", "P 2 2 3"),
            ("P 3 2 1", "P 3 2="),
            ("P 32", "P 32"),
            ("A -1", "-A 1"),
            ("C1", "C 1"),
        ] {
            assert_eq!(halls(symbol).first(), Some(&hall), "{symbol}");
        }
    }

    #[test]
    fn suffixes_choose_origin_and_axes() {
        assert_eq!(halls("F d -3 m :1"), ["F 4d 2 3 -1d"]);
        assert_eq!(halls("F d -3 m:2"), ["-F 4vw 2vw 3"]);
        assert_eq!(halls("F d -3 m Z"), ["-F 4vw 2vw 3"]);
        assert_eq!(halls("Fd3-mS"), ["F 4d 2 3 -1d"]);
        assert_eq!(halls("F d -3 m").len(), 2);
        assert_eq!(halls("R -3 m H"), ["-R 3 2="]);
        assert_eq!(halls("R -3 m R"), ["-P 3* 2"]);
        assert_eq!(halls("R -3 m (hexagonal axes)").len(), 2);
        assert_eq!(by_name("P n n n", Some("2")).len(), 1);
        assert_eq!(halls("P b a n:2"), ["-P 2ab 2b"]);
    }

    #[test]
    fn unknown_symbols_and_numbers_have_no_setting() {
        assert!(halls("P 5").is_empty() && halls("").is_empty() && halls("R").is_empty() && halls("é").is_empty());
        assert!(by_number(0).is_empty() && by_number(231).is_empty());
        assert_eq!(by_number(14).len(), 9);
    }
}
