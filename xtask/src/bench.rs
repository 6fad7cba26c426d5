//! `cargo xtask bench`: builds the programs in release mode and runs the bench program.

use crate::arguments::Arguments;
use crate::error::Result;
use crate::project::{Profile, Project};
use crate::{console, process};

pub(crate) const SUMMARY: &str = "measures in release mode: the demo schema's table, and reads over loopback";
pub(crate) const OPTIONS: &str = "  Everything after `--` goes to the program in benches/: `cargo xtask bench -- --help` prints its own help.";

pub(crate) fn run(project: &Project, arguments: Arguments) -> Result<()> {
    console::headline(
        "bench: the first release build takes about ten minutes on two cores, most of it DataFusion",
    );
    process::run(&mut project.cargo(BUILD))?;
    process::run(project.command(project.built(Profile::Release, "arrowlink-bench")).args(arguments.rest()))
}

/// The bench program starts the others.
const BUILD: &str =
    "build --release --workspace --bin arrowlink-bench --bin arrowlink-server --bin arrowlink";
