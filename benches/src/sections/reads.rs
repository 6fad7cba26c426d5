//! Reading a table in memory: ArrowLink, the peers and a raw socket, over TCP, a Unix socket and TLS.

use crate::lab::Lab;
use crate::party::{Maker, Party, Way};
use crate::results::Results;
use crate::roles::Work;
use crate::table::Table;
use crate::workload::Workload;
use crate::{Failure, Report, Target};

/// Measures each way by itself: only what is between the same ends is compared.
pub(crate) fn measure(lab: &Lab, report: &mut Report) -> Result<(), Failure> {
    let table = Workload::Floats.table(&lab.data, lab.quick)?;
    over_tcp(lab, &table, report);
    over_unix(lab, &table, report);
    over_tls(lab, &table, report);
    Ok(())
}

fn over_tcp(lab: &Lab, table: &Table, report: &mut Report) {
    let [ours, stock, mimalloc, pyarrow, raw] =
        [Maker::Ours, Maker::Stock, Maker::StockMimalloc, Maker::PyArrow, Maker::Raw]
            .map(|maker| Party::both(maker, Way::Tcp));
    let mixed = Party::pyarrow_at_ours(Way::Tcp);
    let outcomes = lab.contest(&[ours, stock, mimalloc, pyarrow, mixed, raw], Work::Read, table);
    let results = Results::rates(&outcomes, table);
    report.section(title("TCP", table));
    for peer in [raw, stock, mimalloc, pyarrow] {
        report.row(results.row(peer.to_string(), peer));
    }
    let row = results.versus("ArrowLink both ends", ours, stock);
    report.row(row.with_target(Target::ratio_at_least(4.0, 6.0)));
    report.row(results.versus("ArrowLink both ends, one allocator", ours, mimalloc));
    let row = results.versus("ArrowLink both ends, of the raw socket", ours, raw);
    report.row(row.with_target(Target::ratio_at_least(0.6, 0.8)));
    let row = results.versus("ArrowLink server, pyarrow client", mixed, pyarrow);
    report.row(row.with_target(Target::ratio_at_least(1.3, 1.6)));
}

fn over_unix(lab: &Lab, table: &Table, report: &mut Report) {
    let [ours, pyarrow, raw] =
        [Maker::Ours, Maker::PyArrow, Maker::Raw].map(|maker| Party::both(maker, Way::Unix));
    let mixed = Party::pyarrow_at_ours(Way::Unix);
    let outcomes = lab.contest(&[ours, pyarrow, mixed, raw], Work::Read, table);
    let results = Results::rates(&outcomes, table);
    report.section(title("a Unix socket", table));
    for peer in [raw, pyarrow] {
        report.row(results.row(peer.to_string(), peer));
    }
    let row = results.versus("ArrowLink both ends, of the raw socket", ours, raw);
    report.row(row.with_target(Target::ratio_at_least(0.6, 0.8)));
    let row = results.versus("ArrowLink server, pyarrow client", mixed, pyarrow);
    report.row(row.with_target(Target::ratio_at_least(1.3, 1.6)));
}

fn over_tls(lab: &Lab, table: &Table, report: &mut Report) {
    // ArrowLink comes first: the peer uses the certificates that it makes.
    let [ours, stock] = [Maker::Ours, Maker::Stock].map(|maker| Party::both(maker, Way::Tls));
    let results = Results::rates(&lab.contest(&[ours, stock], Work::Read, table), table);
    report.section(title("TLS", table));
    report.row(results.row(stock.to_string(), stock));
    let row = results.versus("ArrowLink both ends", ours, stock);
    report.row(row.with_target(Target::ratio_at_least(2.0, 3.0)));
}

fn title(way: &str, table: &Table) -> String {
    format!("reading {} MB of 8 float64 columns over {way}", table.bytes / 1_000_000)
}
