//! SQL over the tables of TPC-H in Parquet files: ArrowLink beside engines in process and other servers of Flight SQL.
//!
//! Results are held whole in the client's memory, as Arrow, when the clock stops. All servers and clients of a part run
//! at the same time, and take turns query by query.

mod crowd;
mod statements;
mod tpch;

use crate::asker::{Asker, Engine};
use crate::driver::Driver;
use crate::lab::{Lab, SqlServer, Tpch};
use crate::quiz::Quiz;
use crate::{Failure, Report, Row, Summary, Target};

/// Measures single statements, the 22 queries, and many clients at once.
pub(crate) fn measure(lab: &Lab, report: &mut Report) -> Result<(), Failure> {
    let tpch = lab.tpch().inspect_err(|_| report.section("SQL over the tables of TPC-H"))?;
    let (servers, mut quiz) = Servers::start(lab, &tpch);
    statements::measure(lab, &mut quiz, &tpch, report);
    servers.report_peaks("these statements", Some(MOST_MEMORY_MIB), report);
    // All begin afresh: one whose client gave up is still at work.
    drop((quiz, servers));
    let (servers, mut quiz) = Servers::start(lab, &tpch);
    tpch::measure(lab, &mut quiz, &tpch, report);
    servers.report_peaks("the 22 queries", None, report);
    // What others hold is of no use to the many.
    drop((quiz, servers));
    crowd::measure(lab, &tpch, report);
    Ok(())
}

/// The servers, or why one is not there.
struct Servers(Vec<(Engine, Result<SqlServer, String>)>);

impl Servers {
    /// Starts all servers and their clients. What the servers held until they listened is not counted.
    fn start(lab: &Lab, tpch: &Tpch) -> (Self, Quiz) {
        let started = |engine| (engine, lab.sql_server(engine, tpch).map_err(|error| error.to_string()));
        let servers = Self([Engine::Ours, Engine::Stock, Engine::Sail, Engine::Roapi].map(started).into());
        let quiz = Quiz::new(ASKERS.map(|asker| (asker, servers.asker(lab, asker, tpch))));
        servers.forget_peaks();
        (servers, quiz)
    }

    fn asker(&self, lab: &Lab, asker: Asker, tpch: &Tpch) -> Result<Driver, Failure> {
        let server = self.0.iter().find(|(engine, _)| *engine == asker.engine);
        let server = server.map(|(_, server)| server.as_ref()).transpose().map_err(String::as_str)?;
        lab.asker(asker, server, tpch)
    }

    fn forget_peaks(&self) {
        for (_, server) in &self.0 {
            // Then the peak is one since the start, which is no smaller.
            let _ = server.as_ref().map(|server| server.process.forget_peak());
        }
    }

    fn report_peaks(&self, during: &str, most: Option<f64>, report: &mut Report) {
        for (engine, server) in &self.0 {
            let row = memory(format!("{engine} server's peak memory, {during}"), server);
            report.row(match most.filter(|_| *engine == Engine::Ours) {
                Some(most) => row.with_target(Target::at_most(most)),
                None => row,
            });
        }
    }
}

/// Makes the row of a server's peak memory.
fn memory(what: String, server: &Result<SqlServer, String>) -> Row {
    let peak = server.as_ref().map_err(String::clone);
    match peak.and_then(|server| server.process.peak_mib().map_err(|error| error.to_string())) {
        Ok(mib) => Row::new(what, "MiB", Summary::single(mib)),
        Err(reason) => Row::absent(what, "MiB", reason),
    }
}

const ASKERS: [Asker; 8] = [
    Asker::DATAFUSION,
    Asker::DUCKDB,
    Asker::OURS,
    Asker::OURS_BOTH_ENDS,
    Asker::STOCK,
    Asker::STOCK_BOTH_ENDS,
    Asker::SAIL,
    Asker::ROAPI,
];
const MOST_MEMORY_MIB: f64 = 300.0;
