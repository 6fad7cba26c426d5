//! A small batch to and fro over one open exchange: what a call costs.

use crate::lab::Lab;
use crate::party::{Maker, Party, Way};
use crate::results::Results;
use crate::roles::{EXCHANGED_ROWS, ROUND_TRIPS, Work};
use crate::workload::Workload;
use crate::{Failure, Report, Target};

/// Measures round trips to `echo`, first of ArrowLink at both ends, then of a pyarrow client at ArrowLink's server.
pub(crate) fn measure(lab: &Lab, report: &mut Report) -> Result<(), Failure> {
    let table = Workload::Floats.table(&lab.data, true)?;
    for way in [Way::Tcp, Way::Unix] {
        let [ours, pyarrow] = [Maker::Ours, Maker::PyArrow].map(|maker| Party::both(maker, way));
        let mixed = Party::pyarrow_at_ours(way);
        let outcomes = lab.contest(&[ours, pyarrow, mixed], Work::Exchange, &table);
        report.section(format!(
            "{EXCHANGED_ROWS} rows to and fro over one exchange, {way}, {ROUND_TRIPS} times a turn"
        ));
        for (share, what) in [(0.5, "p50"), (0.99, "p99")] {
            let results = Results::round_trips(&outcomes, share);
            report.row(results.row(format!("{pyarrow}, {what}"), pyarrow));
            let mut row = results.versus(format!("{ours}, {what}"), ours, pyarrow);
            if what == "p50" {
                row = row.with_target(Target::ratio_at_most(0.6, 0.4));
            }
            report.row(row);
            report.row(results.versus(format!("{mixed}, {what}"), mixed, pyarrow));
        }
    }
    Ok(())
}
