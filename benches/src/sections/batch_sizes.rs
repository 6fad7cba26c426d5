//! Throughput by batch size, for the plot of the document.

use std::io::Write as _;
use std::path::Path;
use std::process::Stdio;

use serde::Serialize;

use crate::lab::Lab;
use crate::party::{Maker, Party, Way};
use crate::results::Results;
use crate::roles::Work;
use crate::workload::floats_in_batches_of;
use crate::{Failure, Report, Summary};

/// One line of the plot.
#[derive(Debug, Serialize)]
struct Line {
    label: String,
    points: Vec<Point>,
}

/// One point of a line.
#[derive(Debug, Serialize)]
struct Point {
    rows: usize,
    #[serde(flatten)]
    rate: Summary,
}

/// Measures every batch size over TCP and draws the lines into `file`.
pub(crate) fn measure(lab: &Lab, file: &Path, report: &mut Report) -> Result<(), Failure> {
    let parties =
        [Maker::Raw, Maker::Ours, Maker::PyArrow, Maker::Stock].map(|maker| Party::both(maker, Way::Tcp));
    let parties = [parties.as_slice(), &[Party::pyarrow_at_ours(Way::Tcp)]].concat();
    let mut lines: Vec<Line> =
        parties.iter().map(|party| Line { label: label(*party), points: Vec::new() }).collect();
    report.section("reading 8 float64 columns over TCP, by rows a batch");
    let bytes = if lab.quick { QUICK_BYTES } else { BYTES };
    for rows in ROWS {
        let table = floats_in_batches_of(rows, bytes, &lab.data)?;
        let results = Results::rates(&lab.contest(&parties, Work::Read, &table), &table);
        for (party, line) in parties.iter().zip(&mut lines) {
            report.row(results.row(format!("{rows} rows, {}", line.label), *party));
            line.points.extend(results.of(*party).ok().map(|rate| Point { rows, rate }));
        }
    }
    draw(lab, &lines, file)
}

fn draw(lab: &Lab, lines: &[Line], file: &Path) -> Result<(), Failure> {
    let mut child = lab.script("plot").arg(file).stdin(Stdio::piped()).spawn()?;
    if let Some(mut stdin) = child.stdin.take() {
        stdin.write_all(&serde_json::to_vec(lines)?)?;
    }
    match child.wait()? {
        status if status.success() => Ok(()),
        status => Err(format!("`{}` was not drawn ({status})", file.display()).into()),
    }
}

fn label(party: Party) -> String {
    if party.server == party.client {
        party.server.to_string()
    } else {
        format!("{} to {}", party.server, party.client)
    }
}

const ROWS: [usize; 6] = [1 << 10, 1 << 12, 1 << 14, 1 << 16, 1 << 18, 1 << 20];
const BYTES: u64 = 256 << 20;
/// One batch of the largest size.
const QUICK_BYTES: u64 = 64 << 20;
