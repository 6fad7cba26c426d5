//! Tables of figures: printed for people as they come, collected for `--json` and for the document.

mod document;
mod print;
mod target;

use std::fs::{self, File};
use std::path::Path;

use serde::Serialize;

use crate::{Failure, Summary};

pub use target::{Bound, Measure, Target, Verdict};

/// Everything that one run measured.
///
/// ```
/// use arrowlink_benches::{Report, Row, Summary, Target, Verdict};
///
/// let mut report = Report::default();
/// report.section("reading");
/// let peer = Summary::single(0.5);
/// let ours = Row::new("ours", "GB/s", Summary::single(2.5));
/// report.row(ours.against("the peer", peer).with_target(Target::ratio_at_least(4.0, 6.0)));
/// assert_eq!(report.rows().next().unwrap().verdict(), Some(Verdict::Reached));
/// ```
#[derive(Debug, Default, Serialize)]
pub struct Report {
    sections: Vec<Section>,
}

/// Rows that belong together.
#[derive(Debug, Default, Serialize)]
struct Section {
    title: String,
    rows: Vec<Row>,
}

/// One figure with what it is held against.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Row {
    /// What was measured.
    pub what: String,
    /// The unit of the figures, and of the target where that is no ratio.
    pub unit: &'static str,
    /// The figures; nothing where there are none.
    pub summary: Option<Summary>,
    /// Why there are no figures.
    pub missing: Option<String>,
    /// The median divided by the peer's, where there is a peer.
    pub ratio: Option<f64>,
    /// Who the peer is.
    pub peer: Option<String>,
    /// What is to be reached.
    pub target: Option<Target>,
    /// Whether it is.
    verdict: Option<Verdict>,
}

impl Row {
    /// Makes a row of figures.
    pub fn new(what: impl Into<String>, unit: &'static str, summary: Summary) -> Self {
        Self { summary: Some(summary), ..Self::missing(what, unit, None) }
    }

    /// Makes the row of a measurement that could not be taken.
    pub fn absent(what: impl Into<String>, unit: &'static str, reason: impl Into<String>) -> Self {
        Self::missing(what, unit, Some(reason.into()))
    }

    fn missing(what: impl Into<String>, unit: &'static str, missing: Option<String>) -> Self {
        Self {
            what: what.into(),
            unit,
            summary: None,
            missing,
            ratio: None,
            peer: None,
            target: None,
            verdict: None,
        }
    }

    /// Says how the median stands to that of a peer of the same run.
    #[must_use]
    pub fn against(mut self, peer: impl Into<String>, figures: Summary) -> Self {
        self.ratio = self.summary.map(|summary| summary.median / figures.median);
        self.peer = Some(peer.into());
        self.judged()
    }

    /// Says what is to be reached.
    #[must_use]
    pub fn with_target(mut self, target: Target) -> Self {
        self.target = Some(target);
        self.judged()
    }

    /// Says whether the target is reached; nothing where there is none, or nothing to hold against it.
    pub const fn verdict(&self) -> Option<Verdict> {
        self.verdict
    }

    /// Returns why there are no figures, no longer than fits a table; all of it is in `missing`.
    fn reason(&self) -> String {
        let line = self.missing.as_deref().and_then(|text| text.lines().next()).unwrap_or("no figures");
        let mut letters = line.chars();
        let short: String = letters.by_ref().take(LONGEST_REASON).collect();
        if letters.next().is_some() { short + "..." } else { short }
    }

    fn judged(mut self) -> Self {
        self.verdict = self.target.and_then(|target| target.judge(self.summary?.median, self.ratio));
        self
    }
}

impl Report {
    /// Begins a table.
    pub fn section(&mut self, title: impl Into<String>) {
        let title = title.into();
        print::heading(&title);
        self.sections.push(Section { title, rows: Vec::new() });
    }

    /// Prints a row and keeps it.
    pub fn row(&mut self, row: Row) {
        print::row(&row);
        match self.sections.last_mut() {
            Some(section) => section.rows.push(row),
            None => self.sections.push(Section { title: String::new(), rows: vec![row] }),
        }
    }

    /// Returns all rows in the order they were measured in.
    pub fn rows(&self) -> impl Iterator<Item = &Row> {
        self.sections.iter().flat_map(|section| &section.rows)
    }

    /// Prints how many targets there are, how many are reached, and which are not.
    pub fn conclude(&self) {
        print::conclusion(self);
    }

    /// Returns all sections as Markdown tables.
    pub fn to_markdown(&self) -> String {
        document::markdown(self)
    }

    /// Writes everything to `file`.
    ///
    /// # Errors
    ///
    /// Where the file cannot be written.
    pub fn write_json(&self, file: &Path) -> Result<(), Failure> {
        serde_json::to_writer_pretty(File::create(file)?, self)?;
        println!("\nwritten to {}", file.display());
        Ok(())
    }

    /// Puts the tables between the marks of the document `file`.
    ///
    /// # Errors
    ///
    /// Where the file cannot be read or written, or has no marks.
    pub fn write_into(&self, file: &Path) -> Result<(), Failure> {
        let text = fs::read_to_string(file)?;
        let filled = document::fill(&text, &self.to_markdown())
            .ok_or_else(|| format!("`{}` has no line `{}`", file.display(), document::BEGIN))?;
        fs::write(file, filled)?;
        println!("\nwritten into {}", file.display());
        Ok(())
    }
}

/// In letters.
const LONGEST_REASON: usize = 120;
