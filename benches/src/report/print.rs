//! A report as a person sees it while it grows.

use super::{Report, Row, Verdict};

/// Begins a table.
pub(super) fn heading(title: &str) {
    println!("\n{title}");
    println!("{:<58} {:>15} {:>21} {:>7}  target", "", "median", "min - max", "ratio");
}

/// Prints one row.
pub(super) fn row(row: &Row) {
    let Some(summary) = row.summary else {
        println!("{:<58} not there: {}", row.what, row.missing.as_deref().unwrap_or("no figures"));
        return;
    };
    let value = format!("{:.3} {:<4}", summary.median, row.unit);
    let spread = format!("{:.3} - {:.3}", summary.least, summary.most);
    let ratio = row.ratio.map(|ratio| format!("{ratio:.2}x")).unwrap_or_default();
    println!("{:<58} {value:>15} {spread:>21} {ratio:>7}  {}", row.what, target(row));
}

/// Prints how many targets are reached, and which are not.
pub(super) fn conclusion(report: &Report) {
    let with_target: Vec<&Row> = report.rows().filter(|row| row.target.is_some()).collect();
    let verdicts = |verdict| with_target.iter().filter(move |row| row.verdict() == verdict);
    let reached = verdicts(Some(Verdict::Reached)).count() + verdicts(Some(Verdict::AimReached)).count();
    println!("\n{reached} of {} targets are reached", with_target.len());
    for row in verdicts(Some(Verdict::Missed)) {
        println!("missed: {}", row.what);
    }
    for row in verdicts(None) {
        println!("not measured: {}", row.what);
    }
}

fn target(row: &Row) -> String {
    match (row.target, row.verdict()) {
        (Some(target), Some(verdict)) => format!("{target}: {verdict}"),
        (Some(target), None) => target.to_string(),
        (None, _) => String::new(),
    }
}
