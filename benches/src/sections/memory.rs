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

/// Measures a table in memory, a generated one and a Parquet folder. What counts is what the server holds more than
/// before.
pub(crate) fn measure(lab: &Lab, report: &mut Report) -> Result<(), Failure> {
    let table = Workload::Floats.table(&lab.data, lab.quick)?;
    report.section("the server's memory");
    many_readers(lab, &table, report);
    // A small one: what loading leaves behind in the allocator is small then, too.
    let pinned = Workload::Floats.table(&lab.data, true).and_then(|table| lab.our_server(Way::Tcp, &table));
    let generated = lab.our_server_of(Way::Tcp, GENERATED, &[]);
    for (server, what) in [(pinned, "table in memory"), (generated, "table that is generated")] {
        let held = server.and_then(|server| held_for_stopped(lab, &server, &table, &STOPPED));
        let messages = held.map(|held| held.mib / held.message_mib);
        let row = single(format!("each reader that stops, {what}"), "msgs", messages);
        report.row(row.with_target(Target::at_most(2.0)));
    }
    if let Some(folder) = folder::made(lab)? {
        let server = lab.our_server_of(Way::Tcp, &format!("table={}", folder.display()), &[]);
        let held = server.and_then(|server| held_for_stopped(lab, &server, &table, &STOPPED_AT_FILES));
        let what = "each reader that stops, Parquet with row groups of 64 MiB";
        report.row(single(what, "MiB", held.map(|held| held.mib)));
    }
    Ok(())
}

/// What many readers at once came to.
struct ManyReaders {
    idle_mib: f64,
    loaded_mib: f64,
    peak_mib: f64,
    /// All of them together, in GB/s.
    rate: f64,
}

fn many_readers(lab: &Lab, table: &Table, report: &mut Report) {
    let readers = if lab.quick { 8 } else { 64 };
    let held = format!("{readers} readers at once, above the loaded server");
    let target = Target::at_most(64.0).with_aim(32.0);
    match read_at_once(lab, table, readers) {
        Err(error) => report.row(single(held, "MiB", Err(error)).with_target(target)),
        Ok(it) => {
            let above_table = it.loaded_mib - it.idle_mib - table.bytes as f64 / MIB;
            report.row(single("a server that holds nothing", "MiB", Ok(it.idle_mib)));
            report.row(single("a loaded server, above that and the table itself", "MiB", Ok(above_table)));
            report.row(single(held, "MiB", Ok(it.peak_mib - it.loaded_mib)).with_target(target));
            report.row(single(format!("{readers} readers at once, all together"), "GB/s", Ok(it.rate)));
        }
    }
}

fn read_at_once(lab: &Lab, table: &Table, readers: usize) -> Result<ManyReaders, Failure> {
    let idle_mib = settled_mib(&lab.our_server_of(Way::Tcp, NOTHING, &[])?.process)?;
    let server = lab.our_server(Way::Tcp, table)?;
    let loaded_mib = settled_mib(&server.process)?;
    let mut command = lab.our_client("readers", &server, table);
    let mut driver = Driver::start(command.args(["--count", &readers.to_string()]))?;
    server.process.forget_peak()?;
    let turn = driver.go_within(PATIENCE)?;
    let slowest = Summary::of(&turn.seconds).ok_or("no reader came to its end")?.most;
    let rate = turn.bytes as f64 / slowest / 1e9;
    Ok(ManyReaders { idle_mib, loaded_mib, peak_mib: server.process.peak_mib()?, rate })
}

/// How many readers stop.
struct Stopped {
    /// These take what the allocator kept from loading, and what the first calls of all cost.
    before: u32,
    /// These are counted, all together.
    counted: u32,
}

/// What a server holds for a stopped reader.
struct Held {
    mib: f64,
    /// The size of the one batch that was read.
    message_mib: f64,
}

fn held_for_stopped(lab: &Lab, server: &Server, table: &Table, stopped: &Stopped) -> Result<Held, Failure> {
    let mut driver = Driver::start(&mut lab.our_client("stopped-reader", server, table))?;
    for _ in 0..stopped.before {
        driver.go()?;
    }
    let before = settled_mib(&server.process)?;
    let mut message_bytes = 0;
    for _ in 0..stopped.counted {
        message_bytes = driver.go()?.bytes;
    }
    let mib = (settled_mib(&server.process)? - before) / f64::from(stopped.counted);
    Ok(Held { mib, message_mib: message_bytes as f64 / MIB })
}

/// Makes the row of something that is measured once.
fn single(what: impl Into<String>, unit: &'static str, value: Result<f64, Failure>) -> Row {
    match value {
        Ok(value) => Row::new(what, unit, Summary::single(value)),
        Err(error) => Row::absent(what, unit, error.to_string()),
    }
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

/// For all readers together.
const PATIENCE: Duration = Duration::from_secs(600);
const MIB: f64 = 1_048_576.0;
/// A table that is made while it is read: every message is memory of its own.
const GENERATED: &str = "table=demo://?rows=16000000";
/// The least that a server can serve.
const NOTHING: &str = "table=demo://?rows=1";
const STOPPED: Stopped = Stopped { before: 16, counted: 32 };
/// No more than the server scans files at once.
const STOPPED_AT_FILES: Stopped = Stopped { before: 1, counted: 4 };
const BETWEEN_LOOKS: Duration = Duration::from_millis(100);
const ENOUGH_LOOKS: u32 = 5;
const MOST_LOOKS: u32 = 50;
const SAME_MIB: f64 = 0.25;
