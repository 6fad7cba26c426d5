//! Measures ArrowLink beside a raw socket and the Go program it grew out of, in one run, and prints ratios, the only figures that mean anything on a
//! shared machine.
//!
//! `cargo xtask bench` builds everything in release and runs this program. Each peer is a process of its own;
//! every figure is the median of several repetitions.
#![allow(clippy::print_stdout, reason = "the figures are what this program is for")]

mod demo_table;
mod folder;
mod loopback;
mod process;
mod raw;
mod report;

use std::path::PathBuf;

use clap::{Parser, Subcommand};
use report::Report;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// What goes wrong in a measurement, in words.
type Failure = Box<dyn std::error::Error + Send + Sync>;

#[derive(Parser)]
#[command(about = "Measures ArrowLink beside its peers")]
struct Arguments {
    /// The server's program.
    #[arg(long, value_name = "FILE", default_value = "target/release/arrowlink-server")]
    server: PathBuf,
    /// How often each figure is taken; the median is printed.
    #[arg(long, default_value_t = 5)]
    repetitions: usize,
    /// The size of the Parquet folder, in MiB; 0 leaves it out.
    #[arg(long, default_value_t = 4096)]
    folder_mib: u64,
    /// Where the Parquet folder is made, and kept for the next run.
    #[arg(long, value_name = "DIR", default_value = "target/bench-data")]
    data: PathBuf,
    /// Writes the figures as JSON too.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    #[command(subcommand)]
    role: Option<Role>,
}

#[derive(Subcommand)]
enum Role {
    /// Serves bytes over a plain socket: the peer that nothing can be faster than.
    #[command(hide = true)]
    RawServer {
        /// How many bytes each connection gets.
        bytes: u64,
    },
}

fn main() -> Result<(), Failure> {
    let arguments = Arguments::parse();
    if let Some(Role::RawServer { bytes }) = arguments.role {
        return raw::serve(bytes);
    }
    // The server is started in folders of its own.
    let server = arguments.server.canonicalize().map_err(|error| {
        format!("`{}`: {error}: `cargo xtask bench` builds it", arguments.server.display())
    })?;
    let mut report = Report::default();
    demo_table::measure(arguments.repetitions, &mut report)?;
    loopback::measure(&server, arguments.repetitions, &mut report)?;
    if arguments.folder_mib > 0 {
        folder::measure(&server, &arguments.data, arguments.folder_mib, &mut report)?;
    }
    match arguments.json {
        Some(file) => report.write_json(&file),
        None => Ok(()),
    }
}
