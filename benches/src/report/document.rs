//! A report as tables of a Markdown document.

use std::fmt::Write as _;

use super::{Report, Row};

/// Writes every section as a table.
pub(super) fn markdown(report: &Report) -> String {
    let mut text = String::new();
    for section in &report.sections {
        // A string takes everything.
        let _ = write!(text, "\n### {}\n\n{HEAD}", capitalized(&section.title));
        section.rows.iter().for_each(|row| text.push_str(&line(row)));
    }
    text
}

/// Puts `figures` between the marks of `text`; nothing where it has none.
pub(super) fn fill(text: &str, figures: &str) -> Option<String> {
    let (before, rest) = text.split_once(BEGIN)?;
    let (_, after) = rest.split_once(END)?;
    Some(format!("{before}{BEGIN}\n{figures}\n{END}{after}"))
}

fn line(row: &Row) -> String {
    let Row { what, unit, peer, ratio, target, .. } = row;
    let figures = match row.summary {
        Some(it) => format!("{:.3} {unit} | {:.3} - {:.3}", it.median, it.least, it.most),
        None => format!("not there: {} |", row.reason().replace('|', "/")),
    };
    let ratio = ratio.map(|ratio| format!("{ratio:.2}x")).unwrap_or_default();
    let target = target.map(|target| target.to_string()).unwrap_or_default();
    let verdict = row.verdict().map(|verdict| verdict.to_string()).unwrap_or_default();
    format!(
        "| {what} | {figures} | {} | {ratio} | {target} | {verdict} |\n",
        peer.as_deref().unwrap_or_default()
    )
}

fn capitalized(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// The line in a document that the figures come after.
pub(super) const BEGIN: &str = "<!-- figures -->";
const END: &str = "<!-- end -->";
const HEAD: &str =
    "| what | median | min - max | held against | ratio | target | |\n|---|---|---|---|---|---|---|\n";
