//! The page: head, header, overview, funnel, distributions; the other sections have files of their own.

use std::fmt::Write as _;

use super::data::ReportData;
use super::html::{count, escape, table};
use super::message::{Language, Text, stage};
use super::{figures, models, plan, provenance, top};

const STYLE: &str = include_str!("style.css");

/// The whole report as one HTML document.
pub fn html(data: &ReportData, language: Language) -> String {
    let t = |text: Text| text.in_language(language);
    let title = if data.title.is_empty() { t(Text::Report) } else { data.title.as_str() };
    let mut out = format!(
        "<!DOCTYPE html>\n<html lang=\"{}\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{} – 材筛 matsieve</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n",
        language.code(),
        escape(title)
    );
    let sections: [(&str, Text, String); 8] = [
        ("screened", Text::Screened, plan::section(data, language)),
        ("funnel", Text::Funnel, funnel(data, language)),
        ("top", Text::Top, top::section(data, language)),
        ("pareto", Text::Pareto, pareto(data, language)),
        ("distributions", Text::Distributions, distributions(data, language)),
        ("models", Text::Models, models::section(data, language)),
        ("quarantine", Text::Quarantine, provenance::quarantine(data, language)),
        ("provenance", Text::Provenance, provenance::section(data, language)),
    ];
    header(&mut out, data, title, &sections, language);
    out.push_str("<main>\n");
    overview(&mut out, data, language);
    for (id, heading, body) in &sections {
        if body.is_empty() {
            continue;
        }
        let class = if matches!(*id, "top" | "models") { " class=\"page\"" } else { "" };
        let _ = write!(out, "<section id=\"{id}\"{class}>\n<h2>{}</h2>\n{body}</section>\n", t(*heading));
    }
    let _ = write!(
        out,
        "<section id=\"verify\">\n<h2>{}</h2>\n{}</section>\n",
        t(Text::Verify),
        provenance::verify(data, language)
    );
    out.push_str("</main>\n");
    let _ = write!(
        out,
        "<footer>材筛 matsieve · {} · {}</footer>\n</body>\n</html>\n",
        escape(&data.software),
        escape(&data.run_uuid)
    );
    out
}

fn header(out: &mut String, data: &ReportData, title: &str, sections: &[(&str, Text, String)], language: Language) {
    let t = |text: Text| text.in_language(language);
    let _ = write!(
        out,
        "<header>\n<div class=\"brand\"><b>材筛 matsieve</b> · {}</div>\n<h1>{}</h1>\n<dl class=\"meta\">",
        t(Text::Subtitle),
        escape(title)
    );
    let facts = [
        (Text::Created, &data.created),
        (Text::RunId, &data.run_uuid),
        (Text::Software, &data.software),
        (Text::ResultFile, &data.file_name),
    ];
    for (label, value) in facts.iter().filter(|(_, value)| !value.is_empty()) {
        let _ = write!(out, "<div><dt>{}</dt><dd>{}</dd></div>", t(*label), escape(value));
    }
    let _ = write!(out, "</dl>\n<nav aria-label=\"{}\">", t(Text::Contents));
    for (id, heading, _) in sections.iter().filter(|(_, _, body)| !body.is_empty()) {
        let _ = write!(out, "<a href=\"#{id}\">{}</a> ", t(*heading));
    }
    let _ = writeln!(out, "<a href=\"#verify\">{}</a></nav>\n</header>", t(Text::Verify));
}

fn overview(out: &mut String, data: &ReportData, language: Language) {
    let ledger = &data.ledger;
    let _ = write!(
        out,
        "<section id=\"summary\" aria-label=\"{}\"><div class=\"tiles\">",
        Text::Summary.in_language(language)
    );
    let tiles = [
        (Text::Read, ledger.read()),
        (Text::Kept, ledger.kept()),
        (Text::Rejected, ledger.rejected()),
        (Text::Undecided, ledger.undecided()),
        (Text::Faulted, ledger.faulted()),
        (Text::Ranked, data.num_ranked as u64),
        (Text::Stored, data.num_rows as u64),
    ];
    for (label, value) in tiles {
        let _ = write!(out, "<div><b>{}</b><span>{}</span></div>", count(value), label.in_language(language));
    }
    out.push_str("</div></section>\n");
}

fn funnel(data: &ReportData, language: Language) -> String {
    let t = |text: Text| text.in_language(language);
    let text = |text: Text| (t(text).to_owned(), false);
    let numeric = |text: Text| (t(text).to_owned(), true);
    let header = [
        text(Text::Stage),
        text(Text::Rule),
        numeric(Text::Input),
        numeric(Text::Kept),
        numeric(Text::Rejected),
        numeric(Text::Undecided),
        numeric(Text::Faulted),
    ];
    let rows: Vec<Vec<String>> = data
        .ledger
        .rules
        .iter()
        .map(|rule| {
            let mut row = vec![escape(stage(&rule.stage, language)), escape(&rule.rule)];
            row.extend([rule.input, rule.kept, rule.rejected, rule.undecided, rule.faulted].map(count));
            row
        })
        .collect();
    let balance = if data.ledger.balances() {
        t(Text::Balanced).to_owned()
    } else {
        format!("<strong class=\"bad\">{}</strong>", t(Text::Unbalanced))
    };
    format!(
        "<p class=\"note\">{}</p>\n<figure>{}</figure>\n{}<p class=\"note\">{} · {balance}</p>\n",
        t(Text::FunnelNote),
        figures::funnel(&data.ledger, language),
        table("ledger", "", &header, &rows),
        t(Text::Balance)
    )
}

fn pareto(data: &ReportData, language: Language) -> String {
    if data.tradeoffs.is_empty() {
        return String::new();
    }
    let charts: String =
        data.tradeoffs.iter().map(|pair| format!("<figure>{}</figure>\n", figures::tradeoff(pair))).collect();
    format!(
        "<p class=\"note\">{}</p>\n<div class=\"charts\">\n{charts}</div>\n",
        Text::ParetoNote.in_language(language)
    )
}

fn distributions(data: &ReportData, language: Language) -> String {
    if data.distributions.is_empty() {
        return String::new();
    }
    let mut charts = String::new();
    for column in &data.distributions {
        let _ = write!(charts, "<figure>{}", figures::histogram(column, language));
        if column.undefined > 0 {
            let _ = write!(
                charts,
                "<figcaption>{}: {}</figcaption>",
                Text::NotDefined.in_language(language),
                count(column.undefined)
            );
        }
        charts.push_str("</figure>\n");
    }
    format!(
        "<p class=\"note\">{}</p>\n<div class=\"charts\">\n{charts}</div>\n",
        Text::DistributionNote.in_language(language)
    )
}
