//! The HTML report of a result file with hostile strings in every place that a user or a file can fill.

mod fixture;

use std::path::Path;

use matsieve::report::{Language, ReportData, Selection, html};
use matsieve::sink::ResultFile;

fn data() -> ReportData {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("report-{:?}.h5", std::thread::current().id()));
    let _ = std::fs::remove_file(&path);
    fixture::write(&path);
    let result = ResultFile::open(&path).expect("a result");
    ReportData::from_result(&result, Selection::default()).expect("a report")
}

fn pages() -> [String; 2] {
    let data = data();
    [Language::En, Language::Zh].map(|language| html(&data, language))
}

#[test]
fn every_section_is_there_in_both_languages() {
    for page in pages() {
        for id in [
            "summary",
            "screened",
            "funnel",
            "top",
            "pareto",
            "distributions",
            "models",
            "quarantine",
            "provenance",
            "verify",
        ] {
            assert_eq!(page.matches(&format!("<section id=\"{id}\"")).count(), 1, "{id}");
        }
    }
}

#[test]
fn no_text_of_a_file_becomes_markup() {
    for page in pages() {
        assert!(!page.contains("<script"), "a script tag came through");
        assert!(!page.contains("<b>for solar"), "the title came through");
        assert!(!page.contains("fractions <i>"), "a reference came through");
        // Formula, id, rule, origin, detail, model name and input path are all shown, escaped.
        assert!(page.matches("&lt;script&gt;").count() >= 5);
    }
}

#[test]
fn nothing_is_loaded_from_outside() {
    for page in pages() {
        for word in [" src=", "<link", "@import", "url(", "<iframe", "<object", "<script", "xlink:"] {
            assert!(!page.contains(word), "{word}");
        }
        assert!(page.contains("default-src 'none'"));
    }
}

#[test]
fn every_tag_that_opens_closes() {
    const VOID: [&str; 8] = ["!DOCTYPE", "meta", "br", "path", "rect", "circle", "hr", "img"];
    for page in pages() {
        let mut open: Vec<&str> = Vec::new();
        for tag in page.split('<').skip(1).filter_map(|rest| rest.split('>').next()) {
            let name = tag.split([' ', '\n']).next().unwrap_or_default();
            if let Some(name) = name.strip_prefix('/') {
                assert_eq!(open.pop(), Some(name));
            } else if !VOID.contains(&name) && !tag.ends_with('/') {
                open.push(name);
            }
        }
        assert!(open.is_empty(), "{open:?}");
    }
}

#[test]
fn numbers_of_the_ledger_and_the_front_are_on_the_page() {
    let data = data();
    let page = html(&data, Language::En);
    for number in ["12,005", "6,000", "5,500", "the ledger balances"] {
        assert!(page.contains(number), "{number}");
    }
    assert_eq!(page.matches("<tr><td class=\"n\">").count(), data.top.len());
    assert!(data.top.iter().any(|row| row.front == 1) && data.top.iter().any(|row| row.front > 1));
    // 40 of 4000 prices are undefined in the fixture.
    assert!(page.contains("not defined: 40"));
}

#[test]
fn tables_have_header_cells_and_pictures_have_titles() {
    for page in pages() {
        assert_eq!(page.matches("<table").count(), page.matches("<thead><tr><th scope=\"col\"").count());
        assert_eq!(page.matches("<svg").count(), page.matches("role=\"img\"><title>").count());
    }
}

#[test]
fn a_density_counts_every_row_with_two_finite_objectives() {
    let data = data();
    assert_eq!(data.tradeoffs.len(), 1);
    assert_eq!(data.tradeoffs[0].density.iter().sum::<u64>(), fixture::ROWS - 40);
}

#[test]
fn ids_are_shown_for_all_rows_or_for_none() {
    let mut data = data();
    let header = "<th scope=\"col\">id</th>";
    data.top[0].id = data.top[0].formula.clone();
    let page = html(&data, Language::En);
    assert!(page.contains(header), "other rows have ids of their own");
    let cells = |page: &str| {
        page.split("<tr><td class=\"n\">1</td>")
            .nth(1)
            .expect("a first row")
            .split("</tr>")
            .next()
            .expect("an end")
            .matches("<td")
            .count()
    };
    let with_ids = cells(&page);
    for row in &mut data.top {
        row.id.clone_from(&row.formula);
    }
    let page = html(&data, Language::En);
    assert!(!page.contains(header), "formulas twice");
    assert_eq!(cells(&page) + 1, with_ids);
}
