//! A report as a person sees it while it grows.

use super::{Report, Row, Section, Verdict};

/// Begins a table.
pub(super) fn heading(title: &str) {
    println!("\n{title}");
    println!("{:<66} {:>15} {:>21} {:>7}  target", "", "median", "min - max", "ratio");
}

/// Prints one row.
pub(super) fn row(row: &Row) {
    let Some(summary) = row.summary else {
        println!("{:<66} not there: {}", row.what, row.reason());
        return;
    };
    let value = format!("{:.3} {:<4}", summary.median, row.unit);
    let spread = format!("{:.3} - {:.3}", summary.least, summary.most);
    let ratio = row.ratio.map(|ratio| format!("{ratio:.2}x")).unwrap_or_default();
    println!("{:<66} {value:>15} {spread:>21} {ratio:>7}  {}", row.what, target(row));
}

/// Prints how many targets are reached, and which are not.
pub(super) fn conclusion(report: &Report) {
    let all = report.sections.iter().flat_map(|section| section.rows.iter().map(move |row| (section, row)));
    let with_target: Vec<(&Section, &Row)> = all.filter(|(_, row)| row.target.is_some()).collect();
    let reached = [Some(Verdict::Reached), Some(Verdict::AimReached)];
    let count = with_target.iter().filter(|(_, row)| reached.contains(&row.verdict())).count();
    println!("\n{count} of {} targets are reached", with_target.len());
    for (verdict, word) in [(Some(Verdict::Missed), "missed"), (None, "not measured")] {
        for (section, row) in with_target.iter().filter(|(_, row)| row.verdict() == verdict) {
            println!("{word}: {}: {}", section.title, row.what);
        }
    }
}

fn target(row: &Row) -> String {
    match (row.target, row.verdict()) {
        (Some(target), Some(verdict)) => format!("{target}: {verdict}"),
        (Some(target), None) => target.to_string(),
        (None, _) => String::new(),
    }
}
