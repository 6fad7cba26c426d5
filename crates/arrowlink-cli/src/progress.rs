//! How far a transfer is, on a terminal, and what it was in the end.

use std::io::{IsTerminal as _, Write as _, stderr};
use std::time::{Duration, Instant};

use arrow_array::{Array as _, RecordBatch};
use indicatif::{HumanBytes, HumanCount, ProgressBar, ProgressStyle};

use crate::words;

/// Counts rows and bytes, and draws them on standard error where that is a terminal.
#[derive(Debug)]
pub(crate) struct Progress {
    bar: ProgressBar,
    begun: Instant,
    rows: u64,
    bytes: u64,
}

impl Progress {
    /// Begins to count, up to `rows` where that is known.
    pub(crate) fn begin(rows: Option<u64>) -> Self {
        let bar = match rows {
            _ if !stderr().is_terminal() => ProgressBar::hidden(),
            Some(rows) => ProgressBar::new(rows).with_style(style(KNOWN)),
            None => ProgressBar::new_spinner().with_style(style(UNKNOWN)).with_message("waiting"),
        };
        bar.enable_steady_tick(TICK);
        Self::counting(bar)
    }

    /// Begins to count without drawing, where that would stand between rows.
    pub(crate) fn undrawn() -> Self {
        Self::counting(ProgressBar::hidden())
    }

    fn counting(bar: ProgressBar) -> Self {
        Self { bar, begun: Instant::now(), rows: 0, bytes: 0 }
    }

    /// Counts a batch that is about to be written or sent.
    pub(crate) fn add(&mut self, batch: &RecordBatch) {
        self.rows += batch.num_rows() as u64;
        self.bytes += bytes(batch);
        self.bar.set_position(self.rows);
        self.bar.set_message(format!("{}, {:.1} MB/s", HumanBytes(self.bytes), self.rate()));
    }

    /// Returns the megabytes per second so far.
    fn rate(&self) -> f64 {
        self.bytes as f64 / 1e6 / self.begun.elapsed().as_secs_f64().max(1e-6)
    }

    /// Takes the bar away, so that something can be printed in its place.
    pub(crate) fn clear(&self) {
        self.bar.finish_and_clear();
    }

    /// Takes the bar away and says on standard error how many rows there were and how long they took.
    pub(crate) fn say_time(self) {
        self.bar.finish_and_clear();
        // Nobody is told where standard error is closed.
        _ = writeln!(
            stderr(),
            "{} in {}",
            words::counted(self.rows, "row"),
            words::time(self.begun.elapsed())
        );
    }

    /// Takes the bar away and says on standard error what was done: `did` the counted rows `how`.
    pub(crate) fn summarize(self, did: &str, how: &str) {
        self.bar.finish_and_clear();
        let (seconds, rate) = (self.begun.elapsed().as_secs_f64(), self.rate());
        // Nobody is told where standard error is closed.
        _ = writeln!(
            stderr(),
            "{did} {} rows {how}: {} bytes in {seconds:.2} s, {rate:.1} MB/s",
            HumanCount(self.rows),
            HumanCount(self.bytes),
        );
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

/// Returns how many bytes the rows take in memory, without what their buffers hold beside them.
fn bytes(batch: &RecordBatch) -> u64 {
    batch.columns().iter().map(|column| column.to_data().get_slice_memory_size().unwrap_or(0) as u64).sum()
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_spinner())
}

const KNOWN: &str = "{bar:30} {human_pos} of {human_len} rows, {msg}, {eta} left";
const UNKNOWN: &str = "{spinner} {human_pos} rows, {msg}, {elapsed}";
const TICK: Duration = Duration::from_millis(100);
