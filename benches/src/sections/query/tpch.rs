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
        let answers = quiz.ask(query, &[&ASKERS], lab.repetitions, 1);
        for peer in PEERS {
            report.row(answers.row(format!("query {number:>2}, {peer}"), peer));
        }
        for ours in OURS {
            let row = answers.versus(format!("query {number:>2}, {ours}"), ours, Asker::DATAFUSION);
            report.row(match answers.of_asker(Asker::DATAFUSION) {
                Ok(figures) => row.with_target(Target::at_most(bound(figures.median, 1))),
                Err(_) => row,
            });
        }
        all.push(answers);
    }
    for asker in ASKERS {
        report.row(together(asker, &all));
    }
}

/// At most 5 % more than in process, and 2 ms a query.
fn bound(in_process_ms: f64, queries: usize) -> f64 {
    in_process_ms * 1.05 + 2.0 * queries as f64
}

/// Adds up the medians of `asker`.
fn together(asker: Asker, all: &[Answers]) -> Row {
    let what = format!("all {}, {asker}", all.len());
    let Some(sum) = sum(asker, all) else {
        let answered = all.iter().filter(|answers| answers.of_asker(asker).is_ok()).count();
        return Row::absent(what, "ms", format!("{answered} were answered"));
    };
    let row = Row::new(what, "ms", Summary::single(sum));
    match self::sum(Asker::DATAFUSION, all).filter(|_| asker != Asker::DATAFUSION) {
        None => row,
        Some(in_process) => {
            let row = row.against(Asker::DATAFUSION.to_string(), Summary::single(in_process));
            if OURS.contains(&asker) {
                row.with_target(Target::at_most(bound(in_process, all.len())))
            } else {
                row
            }
        }
    }
}

/// Returns nothing where one of the queries was not answered.
fn sum(asker: Asker, all: &[Answers]) -> Option<f64> {
    all.iter().map(|answers| answers.of_asker(asker).ok()).map(|figures| Some(figures?.median)).sum()
}

/// The first says how many rows there are.
const ASKERS: [Asker; 6] =
    [Asker::DATAFUSION, Asker::DUCKDB, Asker::SAIL, Asker::ROAPI, Asker::OURS, Asker::OURS_BOTH_ENDS];
const PEERS: [Asker; 4] = [Asker::DATAFUSION, Asker::DUCKDB, Asker::SAIL, Asker::ROAPI];
const OURS: [Asker; 2] = [Asker::OURS, Asker::OURS_BOTH_ENDS];
