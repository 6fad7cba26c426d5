//! Generating and serializing the demo table, beside the Go program that ArrowLink grew out of.

use std::hint::black_box;

use arrow_array::RecordBatch;
use arrowlink_core::DemoDataset;
use arrowlink_ipc::{EncodeOptions, StreamEncoder};

use crate::Failure;
use crate::report::{Report, Row, Target, milliseconds, times};

/// What the Go program took on a machine of this kind, fastest of three runs, in milliseconds.
struct GoFigures {
    rows: u64,
    generate: f64,
    serialize: f64,
    total: f64,
    author_total: f64,
}

/// Measures every row count of the Go program's own table.
pub(crate) fn measure(repetitions: usize, report: &mut Report) -> Result<(), Failure> {
    report.heading("demo table on one core, ms; ratio against the Go program's fastest of three runs");
    for go in &GO {
        measure_rows(go, repetitions, report)?;
    }
    Ok(())
}

fn measure_rows(go: &GoFigures, repetitions: usize, report: &mut Report) -> Result<(), Failure> {
    let generate = || generate(go.rows);
    let batch = generate()?;
    let bytes: usize = serialize(&batch)?;
    println!(
        "{} rows, {bytes} bytes as an Arrow stream (its author saw {} ms in all)",
        go.rows, go.author_total
    );
    let mut generating = milliseconds(&times(repetitions, generate)?);
    let mut serializing = milliseconds(&times(repetitions, || serialize(black_box(&batch)))?);
    let mut both: Vec<f64> = milliseconds(&times(repetitions, || {
        let batch = generate()?;
        serialize(&batch)?;
        Ok(batch)
    })?);
    let row = |what: &str, values: &mut [f64], go_time: f64, target: f64| {
        Row::new(format!("{:>9} rows, {what}", go.rows), "ms", values)
            .against(go_time)
            .with_target(Target::AtMost(target))
    };
    report.row(row("generate", &mut generating, go.generate, go.generate / 2.0));
    let target = (go.serialize / 100.0).max(SMALLEST_SERIALIZE_TARGET);
    report.row(row("serialize", &mut serializing, go.serialize, target));
    report.row(row("in all", &mut both, go.total, go.total / 2.0));
    Ok(())
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
    GoFigures { rows: 1_000, generate: 0.16, serialize: 0.09, total: 0.25, author_total: 0.95 },
    GoFigures { rows: 250_750, generate: 27.0, serialize: 21.0, total: 47.0, author_total: 31.1 },
    GoFigures { rows: 500_500, generate: 44.0, serialize: 13.0, total: 62.0, author_total: 39.1 },
    GoFigures { rows: 750_250, generate: 64.0, serialize: 8.0, total: 83.0, author_total: 51.9 },
    GoFigures { rows: 1_000_000, generate: 77.0, serialize: 10.0, total: 105.0, author_total: 56.1 },
];
