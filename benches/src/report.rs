//! Tables of figures: printed for people, collected for `--json`.

use std::fs::File;
use std::path::Path;
use std::time::{Duration, Instant};

use serde::Serialize;

use crate::Failure;

/// Everything that one run measured.
#[derive(Default, Serialize)]
pub(crate) struct Report {
    rows: Vec<Row>,
}

/// One figure with what it is held against.
#[derive(Clone, Serialize)]
pub(crate) struct Row {
    /// What was measured.
    pub(crate) what: String,
    /// The median.
    pub(crate) value: f64,
    /// The unit of `value`, and of `target` where that is no ratio.
    pub(crate) unit: &'static str,
    /// The smallest and the largest value of the repetitions.
    pub(crate) spread: (f64, f64),
    /// `value` divided by the peer's, where there is a peer.
    pub(crate) ratio: Option<f64>,
    /// What is to be reached.
    pub(crate) target: Option<Target>,
}

/// What is to be reached.
#[derive(Clone, Copy, Serialize)]
pub(crate) enum Target {
    /// The value stays at or below this.
    AtMost(f64),
}

impl Row {
    /// Makes a row from the values of all repetitions.
    pub(crate) fn new(what: impl Into<String>, unit: &'static str, values: &mut [f64]) -> Self {
        values.sort_by(f64::total_cmp);
        let at = |idx: usize| values.get(idx).copied().unwrap_or(f64::NAN);
        Self {
            what: what.into(),
            value: at(values.len() / 2),
            unit,
            spread: (at(0), at(values.len().saturating_sub(1))),
            ratio: None,
            target: None,
        }
    }

    /// Says how the value stands to that of a peer.
    pub(crate) fn against(mut self, peer: f64) -> Self {
        self.ratio = Some(self.value / peer);
        self
    }

    /// Says what is to be reached.
    pub(crate) fn with_target(mut self, target: Target) -> Self {
        self.target = Some(target);
        self
    }

    fn verdict(&self) -> String {
        let Some(Target::AtMost(most)) = self.target else { return String::new() };
        format!("at most {most:.3}: {}", if self.value <= most { "reached" } else { "MISSED" })
    }
}

impl Report {
    /// Starts a table.
    pub(crate) fn heading(&self, text: &str) {
        println!("\n{text}");
        println!("{:<46} {:>12} {:>23} {:>7}  target", "", "median", "min - max", "ratio");
    }

    /// Prints a row and keeps it; returns its median.
    pub(crate) fn row(&mut self, row: Row) -> f64 {
        let ratio = row.ratio.map(|ratio| format!("{ratio:.2}")).unwrap_or_default();
        let spread = format!("{:.3} - {:.3}", row.spread.0, row.spread.1);
        println!(
            "{:<46} {:>7.3} {:<4} {:>23} {:>7}  {}",
            row.what,
            row.value,
            row.unit,
            spread,
            ratio,
            row.verdict()
        );
        let value = row.value;
        self.rows.push(row);
        value
    }

    /// Writes all rows to `file`.
    pub(crate) fn write_json(&self, file: &Path) -> Result<(), Failure> {
        serde_json::to_writer_pretty(File::create(file)?, self)?;
        println!("\nwritten to {}", file.display());
        Ok(())
    }
}

/// Runs `work` once unmeasured and then `repetitions` times; returns each time it took.
pub(crate) fn times<T>(
    repetitions: usize,
    mut work: impl FnMut() -> Result<T, Failure>,
) -> Result<Vec<Duration>, Failure> {
    work()?;
    let mut times = Vec::with_capacity(repetitions);
    for _ in 0..repetitions {
        let start = Instant::now();
        let kept = work()?;
        times.push(start.elapsed());
        drop(kept);
    }
    Ok(times)
}

/// Turns times into milliseconds.
pub(crate) fn milliseconds(times: &[Duration]) -> Vec<f64> {
    times.iter().map(|time| time.as_secs_f64() * 1e3).collect()
}

/// Turns the times in which `bytes` went over into GB/s.
pub(crate) fn rates(times: &[Duration], bytes: u64) -> Vec<f64> {
    times.iter().map(|time| bytes as f64 / time.as_secs_f64() / 1e9).collect()
}
