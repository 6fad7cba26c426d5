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
/// it held when everything was loaded and nobody had read yet.
pub(crate) fn measure(lab: &Lab, report: &mut Report) -> Result<(), Failure> {
    let table = Workload::Floats.table(&lab.data, lab.quick)?;
    report.section("the server's memory");
    many_readers(lab, &table, report)?;
    let server = lab.our_server(Way::Tcp, &table)?;
    stopped_reader(lab, &server, &table, "table in memory", report)?;
    let generated = lab.our_server_of(Way::Tcp, GENERATED, &[])?;
    stopped_reader(lab, &generated, &table, "table that is generated", report)?;
    stopped_parquet_reader(lab, &table, report)
}

fn many_readers(lab: &Lab, table: &Table, report: &mut Report) -> Result<(), Failure> {
    let readers = if lab.quick { 8 } else { 64 };
    let idle = settled_mib(&lab.our_server_of(Way::Tcp, NOTHING, &[])?.process)?;
    let server = lab.our_server(Way::Tcp, table)?;
    let loaded = settled_mib(&server.process)?;
    let mut command = lab.our_client("readers", &server, table);
    let mut driver = Driver::start(command.args(["--count", &readers.to_string()]))?;
    server.process.forget_peak()?;
    let turn = driver.go()?;
    let peak = server.process.peak_mib()?;
    let mib = |what: &str, value: f64| Row::new(what, "MiB", Summary::single(value));
    report.row(mib("a server that holds nothing", idle));
    report.row(mib(
        "a loaded server, above that and the table itself",
        loaded - idle - table.bytes as f64 / MIB,
    ));
    let row = mib(&format!("{readers} readers at once, above the loaded server"), peak - loaded);
    report.row(row.with_target(Target::at_most(64.0).with_aim(32.0)));
    let slowest = Summary::of(&turn.seconds).ok_or("no reader came to its end")?.most;
    let rate = Summary::single(turn.bytes as f64 / slowest / 1e9);
    report.row(Row::new(format!("{readers} readers at once, all together"), "GB/s", rate));
    Ok(())
}

/// Counts what the server holds for a reader that stops after its first batch, in messages of that batch's size.
fn stopped_reader(
    lab: &Lab,
    server: &Server,
    table: &Table,
    what: &str,
    report: &mut Report,
) -> Result<(), Failure> {
    let (held, message) = held_for_stopped(lab, server, table)?;
    let row = Row::new(
        format!("one reader that stops, {what}, messages of {message:.1} MiB"),
        "msgs",
        Summary::single(held / message),
    );
    report.row(row.with_target(Target::at_most(2.0)));
    Ok(())
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
/// The least that a server can serve.
const NOTHING: &str = "table=demo://?rows=1";
const BETWEEN_LOOKS: Duration = Duration::from_millis(100);
const ENOUGH_LOOKS: u32 = 5;
const MOST_LOOKS: u32 = 50;
const SAME_MIB: f64 = 0.25;
