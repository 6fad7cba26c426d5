//! The command lines of the two programs.

use std::path::PathBuf;

use clap::{Parser, ValueEnum};

use crate::roles::Role;

/// Of `arrowlink-bench`.
#[derive(Debug, Parser)]
// What `cargo xtask bench` gives first may be given again.
#[command(about = "Measures ArrowLink beside its peers", args_override_self = true)]
pub(crate) struct Arguments {
    /// Measures only this section; may be given several times.
    #[arg(long, value_enum, value_name = "SECTION")]
    pub(crate) only: Vec<Section>,
    /// Smaller tables and fewer repetitions: to see that everything runs, not what it takes.
    #[arg(long)]
    pub(crate) quick: bool,
    /// How often each figure is taken; the median is printed. [default: 5, quick: 2]
    #[arg(long, value_name = "N")]
    pub(crate) repetitions: Option<usize>,
    /// The size of the Parquet folder, in MiB; 0 leaves it out. [default: 4096, quick: 256]
    #[arg(long, value_name = "MIB")]
    pub(crate) folder_mib: Option<u64>,
    /// The scale factor of TPC-H's tables: 1 is about a gigabyte. [default: 1, quick: 0.1]
    #[arg(long, value_name = "SF")]
    pub(crate) scale_factor: Option<f64>,
    /// Writes the figures as JSON too.
    #[arg(long, value_name = "FILE")]
    pub(crate) json: Option<PathBuf>,
    /// Writes the figures as tables into this document, between the lines `<!-- figures -->` and `<!-- end -->`.
    #[arg(long, value_name = "FILE")]
    pub(crate) document: Option<PathBuf>,
    /// Measures throughput by batch size too and draws it into this SVG or PNG file.
    #[arg(long, value_name = "FILE")]
    pub(crate) plot: Option<PathBuf>,
    /// Where tables are made, and kept for the next run.
    #[arg(long, value_name = "DIR", default_value = "target/bench-data")]
    pub(crate) data: PathBuf,
    /// The server's program; the peers' program is beside this one.
    #[arg(long, value_name = "FILE", default_value = "target/release/arrowlink-server")]
    pub(crate) server: PathBuf,
    /// The Python that has pyarrow.
    #[arg(long, value_name = "FILE", default_value = ".venv/bin/python")]
    pub(crate) python: PathBuf,
    /// The Python that has ADBC, DuckDB and the servers that SQL is compared with.
    #[arg(long, value_name = "FILE", default_value = "target/bench-python/bin/python")]
    pub(crate) sql_python: PathBuf,
    #[command(subcommand)]
    pub(crate) role: Option<Role>,
}

/// Of `arrowlink-peer`.
#[derive(Debug, Parser)]
#[command(about = "A peer of `cargo xtask bench`, which starts it")]
pub(crate) struct PeerArguments {
    #[command(subcommand)]
    pub(crate) role: Role,
}

/// A part of what is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Section {
    /// Generating and encoding the demo table.
    Demo,
    /// Reads over TCP, a Unix socket and TLS.
    Read,
    /// Writes over TCP.
    Write,
    /// Round trips of small batches.
    Exchange,
    /// Reads of tables of other shapes.
    Workloads,
    /// The server's memory under many readers and under one that stops.
    Memory,
    /// A Parquet folder that is larger than the memory it may take.
    Folder,
    /// SQL: TPC-H from Parquet, short queries, many clients.
    Query,
}
