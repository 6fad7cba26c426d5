//! The memory of ArrowLink's server: under many readers at once, and under one that stops reading.

use std::thread;
use std::time::Duration;

use crate::driver::Driver;
use crate::lab::{Lab, Server};
use crate::party::Way;
use crate::peer_process::PeerProcess;
use crate::sections::folder;
use crate::table::Table;
use crate::workload::Workload;
use crate::{Failure, Report, Row, Summary, Target};

/// Measures a table in memory, a generated one and a Parquet folder. What counts is what the server holds above what
/// it held before, with everything loaded and read once.
pub(crate) fn measure(lab: &Lab, report: &mut Report) -> Result<(), Failure> {
    let table = Workload::Floats.table(&lab.data, lab.quick)?;
    report.section("the server's memory");
    many_readers(lab, &table, report)?;
    let server = lab.our_server(Way::Tcp, &table)?;
    report.row(stopped_reader(lab, &server, &table, "table in memory")?);
    let generated = lab.our_server_of(Way::Tcp, GENERATED, &[])?;
    report.row(stopped_reader(lab, &generated, &table, "generated table")?);
    stopped_parquet_reader(lab, &table, report)
}

fn many_readers(lab: &Lab, table: &Table, report: &mut Report) -> Result<(), Failure> {
    let readers = if lab.quick { 8 } else { 64 };
    let server = lab.our_server(Way::Tcp, table)?;
    let loaded = settled_mib(&server.process)?;
    let above_table = loaded - table.bytes as f64 / MIB;
    report.row(Row::new("loaded, above the table itself", "MiB", Summary::single(above_table)));
    let mut command = lab.our_client("readers", &server, table);
    let mut driver = Driver::start(command.args(["--count", &readers.to_string()]))?;
    server.process.forget_peak()?;
    let turn = driver.go()?;
    let held = Summary::single(server.process.peak_mib()? - loaded);
    let row = Row::new(format!("{readers} readers at once, above the loaded table"), "MiB", held);
    report.row(row.with_target(Target::at_most(64.0).with_aim(32.0)));
    let slowest = Summary::of(&turn.seconds).ok_or("no reader came to its end")?.most;
    let rate = Summary::single(turn.bytes as f64 / slowest / 1e9);
    report.row(Row::new(format!("{readers} readers at once, all together"), "GB/s", rate));
    Ok(())
}

/// Reads once, then stops after the first batch; what the server holds more then is counted in messages of that size.
fn stopped_reader(lab: &Lab, server: &Server, table: &Table, what: &str) -> Result<Row, Failure> {
    let (held, message) = held_for_stopped(lab, server, table)?;
    let row = Row::new(format!("one reader that stops, {what}"), "msgs", Summary::single(held / message));
    Ok(row.with_target(Target::at_most(2.0)))
}

fn stopped_parquet_reader(lab: &Lab, table: &Table, report: &mut Report) -> Result<(), Failure> {
    let Some(folder) = folder::made(lab)? else { return Ok(()) };
    let server = lab.our_server_of(Way::Tcp, &format!("table={}", folder.display()), &[])?;
    let (held, _) = held_for_stopped(lab, &server, table)?;
    let what = "one reader that stops, Parquet with row groups of 64 MiB";
    report.row(Row::new(what, "MiB", Summary::single(held)));
    Ok(())
}

/// Returns what the server holds for a stopped reader, and the size of one message, both in MiB.
fn held_for_stopped(lab: &Lab, server: &Server, table: &Table) -> Result<(f64, f64), Failure> {
    let mut driver = Driver::start(&mut lab.our_client("stopped-reader", server, table))?;
    driver.go()?;
    let before = settled_mib(&server.process)?;
    let turn = driver.go()?;
    Ok((settled_mib(&server.process)? - before, turn.bytes as f64 / MIB))
}

/// Waits until the server's memory does not change any more: allocators give back a little later.
fn settled_mib(process: &PeerProcess) -> Result<f64, Failure> {
    let mut last = process.resident_mib()?;
    let mut unchanged = 0;
    for _ in 0..MOST_LOOKS {
        thread::sleep(BETWEEN_LOOKS);
        let now = process.resident_mib()?;
        unchanged = if (now - last).abs() < SAME_MIB { unchanged + 1 } else { 0 };
        last = now;
        if unchanged == ENOUGH_LOOKS {
            break;
        }
    }
    Ok(last)
}

const MIB: f64 = 1_048_576.0;
/// A table that is made while it is read: every message is memory of its own.
const GENERATED: &str = "table=demo://?rows=16000000";
const BETWEEN_LOOKS: Duration = Duration::from_millis(100);
const ENOUGH_LOOKS: u32 = 5;
const MOST_LOOKS: u32 = 50;
const SAME_MIB: f64 = 0.25;
