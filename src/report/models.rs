//! Model cards: facts, measures, parity, calibration.

use std::fmt::Write as _;

use super::data::{Fact, ModelSummary, ReportData};
use super::figures;
use super::html::{escape, number, shorten, table};
use super::message::{Language, Text};

pub(super) fn section(data: &ReportData, language: Language) -> String {
    if data.models.is_empty() {
        let note = if data.predictions.is_empty() { Text::NoModels.in_language(language) } else { "" };
        return if note.is_empty() { String::new() } else { format!("<p class=\"note\">{note}</p>\n") };
    }
    data.models.iter().map(|model| card(model, language)).collect()
}

fn card(model: &ModelSummary, language: Language) -> String {
    let t = |text: Text| text.in_language(language);
    let mut out = format!("<h3>{}</h3>\n<dl class=\"facts\">\n", escape(&model.name));
    for (fact, value) in &model.facts {
        let label = match fact {
            Fact::Model => Text::Model,
            Fact::Target => Text::Target,
            Fact::Training => Text::Training,
            Fact::Rows => Text::TrainingRows,
            Fact::Source => Text::DataSource,
            Fact::Split => Text::Split,
            Fact::Domain => Text::DomainDefinition,
            Fact::Licence => Text::Licence,
            Fact::CommercialUse => Text::CommercialUse,
            Fact::Members => Text::Members,
        };
        let _ = writeln!(
            out,
            "<dt>{}</dt><dd>{}</dd>",
            t(label),
            escape(&shorten(&commercial(*fact, value, language), 600))
        );
    }
    out.push_str("</dl>\n");
    if !model.metrics.is_empty() {
        let header = [
            (t(Text::Metric).to_owned(), false),
            (t(Text::Value).to_owned(), true),
            (t(Text::Baseline).to_owned(), true),
        ];
        let line = |(name, value, baseline): &(String, f64, Option<f64>)| {
            vec![escape(name), number(*value), baseline.map(number).unwrap_or_default()]
        };
        let rows: Vec<Vec<String>> = model.metrics.iter().map(line).collect();
        out.push_str(&table("measures", "", &header, &rows));
    }
    out.push_str("<div class=\"charts\">\n");
    if !model.parity.is_empty() {
        let _ = writeln!(
            out,
            "<figure>{}<figcaption>{}</figcaption></figure>",
            figures::parity(model, language),
            t(Text::Parity)
        );
    }
    if !model.calibration.is_empty() {
        let _ = writeln!(
            out,
            "<figure>{}<figcaption>{}</figcaption></figure>",
            figures::calibration(model, language),
            t(if model.is_regression { Text::Calibration } else { Text::ProbabilityCalibration })
        );
    }
    out.push_str("</div>\n");
    out
}

fn commercial(fact: Fact, value: &str, language: Language) -> String {
    let word = match (fact, value) {
        (Fact::CommercialUse, "yes") => Text::Yes,
        (Fact::CommercialUse, "no") => Text::No,
        (Fact::CommercialUse, "unknown") => Text::Unknown,
        _ => return value.to_owned(),
    };
    word.in_language(language).to_owned()
}
