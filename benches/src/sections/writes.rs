//! Writing a table to a server that counts what comes and keeps nothing, over TCP.

use crate::lab::Lab;
use crate::party::{Maker, Party, Way};
use crate::results::Results;
use crate::roles::Work;
use crate::workload::Workload;
use crate::{Failure, Report, Target};

/// Measures Rust clients, then pyarrow's.
pub(crate) fn measure(lab: &Lab, report: &mut Report) -> Result<(), Failure> {
    let table = Workload::Floats.table(&lab.data, lab.quick)?;
    let [ours, stock, pyarrow] =
        [Maker::Ours, Maker::Stock, Maker::PyArrow].map(|maker| Party::both(maker, Way::Tcp));
    let mixed = Party::pyarrow_at_ours(Way::Tcp);
    let pairs =
        [(ours, stock, Target::ratio_at_least(2.0, 4.0)), (mixed, pyarrow, Target::ratio_at_least(1.2, 1.5))];
    let title = format!("writing {} MB of 8 float64 columns over TCP", table.bytes / 1_000_000);
    report.section(title);
    for (party, peer, target) in pairs {
        let results = Results::rates(&lab.contest(&[party, peer], Work::Write, &table), &table);
        report.row(results.row(peer.to_string(), peer));
        report.row(results.versus(party.to_string(), party, peer).with_target(target));
    }
    Ok(())
}
