//! The 22 queries of TPC-H, all of which return little: what a server adds to the engine.

use crate::asker::Asker;
use crate::lab::{Lab, Tpch};
use crate::quiz::{Answers, Quiz};
use crate::{Report, Row, Summary, Target};

/// Measures each query by itself, and adds them up for those who answered all of them.
pub(super) fn measure(lab: &Lab, quiz: &mut Quiz, tpch: &Tpch, report: &mut Report) {
    report.section(format!("TPC-H at scale factor {} from Parquet", tpch.scale_factor));
    let mut all = Vec::with_capacity(tpch.queries.len());
    for (number, query) in (1..).zip(&tpch.queries) {
        let answers = quiz.ask(query, &ASKERS, lab.repetitions);
        for peer in PEERS {
            report.row(answers.row(format!("query {number:>2}, {peer}"), peer));
        }
        for ours in OURS {
            let row = answers.versus(format!("query {number:>2}, {ours}"), ours, Asker::DATAFUSION);
            report.row(match answers.of_asker(Asker::DATAFUSION) {
                Ok(figures) => row.with_target(Target::at_most(bound(figures.median))),
                Err(_) => row,
            });
        }
        all.push(answers);
    }
    for asker in ASKERS {
        report.row(together(asker, &all));
    }
}

/// At most 5 % more than in process, and 2 ms.
fn bound(in_process_ms: f64) -> f64 {
    in_process_ms * 1.05 + 2.0
}

/// Adds up the medians of `asker`.
fn together(asker: Asker, all: &[Answers]) -> Row {
    let what = format!("all {}, {asker}", all.len());
    let sum = |asker| all.iter().map(|answers| answers.of_asker(asker).ok()).map(|it| Some(it?.median)).sum();
    let (ours, in_process): (Option<f64>, Option<f64>) = (sum(asker), sum(Asker::DATAFUSION));
    match (ours, in_process) {
        (None, _) => {
            let answered = all.iter().filter(|answers| answers.of_asker(asker).is_ok()).count();
            Row::absent(what, "ms", format!("{answered} were answered"))
        }
        (Some(ours), Some(peer)) if asker != Asker::DATAFUSION => Row::new(what, "ms", Summary::single(ours))
            .against(Asker::DATAFUSION.to_string(), Summary::single(peer)),
        (Some(ours), _) => Row::new(what, "ms", Summary::single(ours)),
    }
}

/// The first says how many rows there are.
const ASKERS: [Asker; 6] =
    [Asker::DATAFUSION, Asker::DUCKDB, Asker::SAIL, Asker::ROAPI, Asker::OURS, Asker::OURS_BOTH_ENDS];
const PEERS: [Asker; 4] = [Asker::DATAFUSION, Asker::DUCKDB, Asker::SAIL, Asker::ROAPI];
const OURS: [Asker; 2] = [Asker::OURS, Asker::OURS_BOTH_ENDS];
