//! Writing a table into the server's memory, over TCP.

use crate::lab::Lab;
use crate::party::{Maker, Party, Way};
use crate::results::Results;
use crate::roles::Work;
use crate::workload::Workload;
use crate::{Failure, Report, Target};

/// Measures Rust clients, then pyarrow's. Every server keeps every upload until it is ended, so each two share the
/// machine's memory at a time.
pub(crate) fn measure(lab: &Lab, report: &mut Report) -> Result<(), Failure> {
    let table = Workload::Floats.table(&lab.data, lab.quick)?;
    let [ours, stock, pyarrow] =
        [Maker::Ours, Maker::Stock, Maker::PyArrow].map(|maker| Party::both(maker, Way::Tcp));
    let mixed = Party::pyarrow_at_ours(Way::Tcp);
    let pairs =
        [(ours, stock, Target::ratio_at_least(2.0, 4.0)), (mixed, pyarrow, Target::ratio_at_least(1.2, 1.5))];
    let title = format!("writing {} MB of 8 float64 columns into memory over TCP", table.bytes / 1_000_000);
    report.section(title);
    for (party, peer, target) in pairs {
        let results = Results::rates(&lab.contest(&[party, peer], Work::Write, &table), &table);
        report.row(results.row(peer.to_string(), peer));
        report.row(results.versus(party.to_string(), party, peer).with_target(target));
    }
    Ok(())
}
