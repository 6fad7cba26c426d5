//! `cargo xtask bench`: builds the programs in release mode, makes the Python environment and runs the bench program.

use crate::arguments::Arguments;
use crate::error::Result;
use crate::project::{Profile, Project};
use crate::python::Python;
use crate::{console, process};

pub(crate) const SUMMARY: &str =
    "measures in release mode, beside raw sockets, arrow-flight, pyarrow and engines of SQL";
pub(crate) const OPTIONS: &str = "  Everything after `--` goes to the program in benches/: `cargo xtask bench -- --help` prints its own help,
  `cargo xtask bench -- --quick` shows within a few minutes that everything runs.";

pub(crate) fn run(project: &Project, arguments: Arguments) -> Result<()> {
    console::headline(
        "bench: the first release build takes about twenty minutes on two cores, most of it DataFusion",
    );
    process::run(&mut project.cargo(BUILD))?;
    // The peers from Python, and the plot.
    let python = Python::ready(project)?.program().to_owned();
    let mut bench = project.command(project.built(Profile::Release, "arrowlink-bench"));
    bench.arg("--server").arg(project.built(Profile::Release, "arrowlink-server"));
    bench.arg("--python").arg(python).arg("--data").arg(project.target("bench-data"));
    let rest = arguments.rest();
    if wants_sql(&rest) {
        bench.arg("--sql-python").arg(Python::for_sql_bench(project)?.program());
    }
    process::run(bench.args(rest))
}

/// Tells whether the section `query` runs: without `--only` all do.
fn wants_sql(words: &[String]) -> bool {
    let only = |word: &String| word == "--only" || word.starts_with("--only=");
    !words.iter().any(only) || words.iter().any(|word| word == "query" || word == "--only=query")
}

/// The bench program starts the others.
const BUILD: &str = "build --release --workspace --bin arrowlink-bench --bin arrowlink-peer --bin arrowlink-server --bin arrowlink";
