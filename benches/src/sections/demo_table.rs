//! Generating and serializing the demo table, beside the Go program that ArrowLink grew out of.

use std::hint::black_box;
use std::time::Instant;

use arrow_array::RecordBatch;
use arrowlink_core::DemoDataset;
use arrowlink_ipc::{EncodeOptions, StreamEncoder};

use crate::lab::Lab;
use crate::{Failure, Report, Row, Summary, Target};

/// What the Go program took on a machine of this kind, fastest of three runs, in milliseconds.
struct GoFigures {
    rows: u64,
    generate: f64,
    serialize: f64,
    total: f64,
}

/// Measures every row count of the Go program's own table.
pub(crate) fn measure(lab: &Lab, report: &mut Report) -> Result<(), Failure> {
    report.section("demo table on one core, against the Go program's fastest of three runs");
    for go in &GO {
        measure_rows(go, lab.repetitions, report)?;
    }
    Ok(())
}

fn measure_rows(go: &GoFigures, repetitions: usize, report: &mut Report) -> Result<(), Failure> {
    let batch = generate(go.rows)?;
    let generating = milliseconds(repetitions, || generate(go.rows))?;
    let serializing = milliseconds(repetitions, || serialize(black_box(&batch)))?;
    let both = milliseconds(repetitions, || {
        let batch = generate(go.rows)?;
        serialize(&batch)?;
        Ok(batch)
    })?;
    let mut row = |what: &str, figures: Summary, go_time: f64, target: f64| {
        let row = Row::new(format!("{:>9} rows, {what}", go.rows), "ms", figures);
        let row = row.against(format!("Go, {go_time} ms"), Summary::single(go_time));
        report.row(row.with_target(Target::at_most(target)));
    };
    row("generate", generating, go.generate, go.generate / 2.0);
    let target = (go.serialize / 100.0).max(SMALLEST_SERIALIZE_TARGET);
    row("serialize", serializing, go.serialize, target);
    row("in all", both, go.total, go.total / 2.0);
    Ok(())
}

/// Runs `work` once unmeasured and then `repetitions` times.
fn milliseconds<T>(
    repetitions: usize,
    mut work: impl FnMut() -> Result<T, Failure>,
) -> Result<Summary, Failure> {
    work()?;
    let mut times = Vec::with_capacity(repetitions);
    for _ in 0..repetitions {
        let start = Instant::now();
        let kept = work()?;
        times.push(start.elapsed().as_secs_f64() * 1e3);
        drop(kept);
    }
    Summary::of(&times).ok_or_else(|| "nothing was measured".into())
}

fn generate(rows: u64) -> Result<RecordBatch, Failure> {
    Ok(DemoDataset::new(rows, 0)?.batch(0..rows)?)
}

/// Encodes `batch` to a whole stream of segments and returns how many bytes they have.
fn serialize(batch: &RecordBatch) -> Result<usize, Failure> {
    let mut encoder = StreamEncoder::new(batch.schema_ref(), &EncodeOptions::default())?;
    let segments = encoder.encode(batch)?;
    let end = encoder.finish()?;
    Ok(black_box(segments).iter().chain(&end).map(|segment| segment.len()).sum())
}

/// Ten microseconds, in milliseconds.
const SMALLEST_SERIALIZE_TARGET: f64 = 0.01;

const GO: [GoFigures; 5] = [
    GoFigures { rows: 1_000, generate: 0.16, serialize: 0.09, total: 0.25 },
    GoFigures { rows: 250_750, generate: 27.0, serialize: 21.0, total: 47.0 },
    GoFigures { rows: 500_500, generate: 44.0, serialize: 13.0, total: 62.0 },
    GoFigures { rows: 750_250, generate: 64.0, serialize: 8.0, total: 83.0 },
    GoFigures { rows: 1_000_000, generate: 77.0, serialize: 10.0, total: 105.0 },
];
