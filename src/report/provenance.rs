//! Quarantine, descriptors with their references, documents of provenance, and how to verify.

use std::fmt::Write as _;

use crate::candidate::FeatureGroup;

use super::data::ReportData;
use super::html::{count, escape, json, shorten, table};
use super::message::{Language, Text, fault_meaning, stage};

pub(super) fn quarantine(data: &ReportData, language: Language) -> String {
    let t = |text: Text| text.in_language(language);
    if data.quarantine.is_empty() {
        return format!("<p class=\"note\">{}</p>\n", t(Text::NoQuarantine));
    }
    let header = [
        (t(Text::Stage).to_owned(), false),
        (t(Text::Code).to_owned(), false),
        (t(Text::Meaning).to_owned(), false),
        (t(Text::Count).to_owned(), true),
        (t(Text::Example).to_owned(), false),
    ];
    let line = |group: &super::QuarantineGroup| {
        let example = format!("{}: {}", shorten(&group.origin, 120), shorten(&group.detail, 240));
        vec![
            escape(stage(&group.stage, language)),
            format!("<code>{}</code>", escape(&group.code)),
            escape(fault_meaning(&group.code, language)),
            count(group.count),
            escape(&example),
        ]
    };
    let rows: Vec<Vec<String>> = data.quarantine.iter().map(line).collect();
    table("quarantine", "", &header, &rows)
}

pub(super) fn section(data: &ReportData, language: Language) -> String {
    let t = |text: Text| text.in_language(language);
    let mut out = String::new();
    if !data.features.is_empty() {
        let header = [
            (t(Text::Name).to_owned(), false),
            (t(Text::Version).to_owned(), true),
            (t(Text::Columns).to_owned(), true),
            (t(Text::References).to_owned(), false),
        ];
        let rows: Vec<Vec<String>> = data.features.iter().map(descriptor).collect();
        let _ = write!(out, "<h3>{}</h3>\n{}", t(Text::DescriptorTable), table("descriptors", "", &header, &rows));
    }
    for (name, document) in &data.documents {
        let heading = match name.as_str() {
            "product" => t(Text::DocumentProduct),
            "run" => t(Text::DocumentRun),
            "environment" => t(Text::DocumentEnvironment),
            "inputs" => t(Text::DocumentInputs),
            "tables" => t(Text::DocumentTables),
            "models" => t(Text::DocumentModels),
            "digests" => t(Text::DocumentDigests),
            other => other,
        };
        let _ = write!(out, "<h3>{}</h3>\n<div class=\"wide\">{}</div>\n", escape(heading), json(document));
    }
    out
}

fn descriptor(group: &FeatureGroup) -> Vec<String> {
    let references: Vec<String> = group.references.iter().map(|reference| link(reference)).collect();
    vec![escape(&group.name), group.version.to_string(), count(group.columns.len() as u64), references.join("<br>")]
}

/// `DOI: what was taken`, the DOI as a link that only a click follows.
fn link(reference: &str) -> String {
    match reference.split_once(": ") {
        Some((doi, taken)) if doi.starts_with("10.") && !doi.contains(char::is_whitespace) => {
            format!("<a href=\"https://doi.org/{0}\">{0}</a>: {1}", escape(doi), escape(taken))
        }
        _ => escape(reference),
    }
}

pub(super) fn verify(data: &ReportData, language: Language) -> String {
    let t = |text: Text| text.in_language(language);
    let mut out = format!(
        "<p>{}</p>\n<pre>matsieve verify {}</pre>\n",
        t(Text::VerifyNote),
        escape(&shell_word(&data.file_name))
    );
    if !data.digest.is_empty() {
        let _ = writeln!(out, "<p>{}: <code>{}</code></p>", t(Text::DigestAll), escape(&data.digest));
    }
    out
}

/// The word as a shell takes it: in quotes where it has to be.
fn shell_word(text: &str) -> String {
    let safe = |c: char| c.is_alphanumeric() || matches!(c, '.' | '_' | '-' | '/');
    if !text.is_empty() && !text.starts_with('-') && text.chars().all(safe) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', "'\\''"))
}
