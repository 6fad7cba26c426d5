//! Reading tables of other shapes, over TCP.

use crate::lab::Lab;
use crate::party::{Maker, Party, Way};
use crate::results::Results;
use crate::roles::Work;
use crate::workload::Workload;
use crate::{Failure, Report};

/// Measures each shape: ArrowLink against arrow-flight, and pyarrow at ArrowLink against pyarrow at both ends.
pub(crate) fn measure(lab: &Lab, report: &mut Report) -> Result<(), Failure> {
    let [ours, stock, pyarrow] =
        [Maker::Ours, Maker::Stock, Maker::PyArrow].map(|maker| Party::both(maker, Way::Tcp));
    let mixed = Party::pyarrow_at_ours(Way::Tcp);
    report.section("reading tables of other shapes over TCP");
    for workload in Workload::OTHERS {
        let table = workload.table(&lab.data, lab.quick)?;
        let outcomes = lab.contest(&[ours, stock, pyarrow, mixed], Work::Read, &table);
        let results = Results::rates(&outcomes, &table);
        report.row(results.versus(workload.words(), ours, stock));
        report.row(results.versus(format!("{}, to pyarrow", workload.words()), mixed, pyarrow));
    }
    Ok(())
}
