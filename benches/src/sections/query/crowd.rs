//! Many clients that ask short queries at once: none is turned away, and the server's memory stays bounded.

use crate::asker::Engine;
use crate::lab::{Lab, Tpch};
use crate::statistics::percentile;
use crate::turn::Turn;
use crate::{Failure, Report, Row, Summary, Target};

use super::{MOST_MEMORY_MIB, memory};

/// Measures ArrowLink's server alone, under its own clients: each waits for its answer and asks again.
pub(super) fn measure(lab: &Lab, tpch: &Tpch, report: &mut Report) {
    let each = if lab.quick { 5 } else { 50 };
    report.section(format!("{CLIENTS} clients with {each} short queries each, at once"));
    let server = lab.sql_server(Engine::Ours, tpch).map_err(|error| error.to_string());
    let turns = server.as_ref().map_err(|reason| Failure::from(reason.as_str())).and_then(|server| {
        let mut driver = lab.crowd(server, CLIENTS, each)?;
        // The first turn opens files and reads footers; it is not counted.
        driver.ask(QUERIES)?.into_turn()?;
        server.process.forget_peak()?;
        (0..lab.repetitions).map(|_| driver.ask(QUERIES)?.into_turn()).collect::<Result<Vec<Turn>, _>>()
    });
    match turns {
        Err(error) => report.row(Row::absent("queries", "", error.to_string())),
        Ok(turns) => {
            let failures = turns.iter().map(|turn| turn.failures.len() as f64).sum();
            let row = Row::new("queries that failed", "", Summary::single(failures));
            report.row(row.with_target(Target::at_most(0.0)));
            if let Some(reason) = turns.iter().flat_map(|turn| &turn.failures).next() {
                report.row(Row::absent("the first of them", "", reason));
            }
            report.row(latency("p50 of an answer", &turns, 0.5));
            report.row(latency("p99 of an answer", &turns, 0.99));
        }
    }
    let peak = memory("ArrowLink server's peak memory, these clients".to_owned(), &server);
    report.row(peak.with_target(Target::at_most(MOST_MEMORY_MIB)));
}

fn latency(what: &str, turns: &[Turn], share: f64) -> Row {
    let figures: Vec<f64> =
        turns.iter().filter_map(|turn| percentile(&turn.seconds, share)).map(|it| it * 1e3).collect();
    match Summary::of(&figures) {
        Some(summary) => Row::new(what, "ms", summary),
        None => Row::absent(what, "ms", "no query was answered"),
    }
}

const CLIENTS: usize = 200;
/// Without a table, a few rows of one, and a small join.
const QUERIES: &str = "select 1; select n_name from nation where n_regionkey = 2; \
                       select r_name, count(*) from nation, region where n_regionkey = r_regionkey group by r_name";
