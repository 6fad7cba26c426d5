//! `cargo xtask test`: every Rust test and doctest, then every Python test.
//!
//! Without a target filter cargo runs unit tests, integration tests and doctests and builds the binaries and
//! examples on the way, which the Python tests and `cargo xtask ci` use; nothing is built twice.

use crate::arguments::Arguments;
use crate::error::{Error, Result};
use crate::project::{Profile, Project};
use crate::python::Python;
use crate::{console, process};

pub(crate) const SUMMARY: &str = "runs every Rust test, doctest and Python test";

pub(crate) fn run(project: &Project, arguments: Arguments) -> Result<()> {
    arguments.finish()?;
    let results = [rust(project), python(project)];
    let failures: Vec<String> =
        results.iter().filter_map(|it| it.as_ref().err()).map(Error::to_string).collect();
    if failures.is_empty() { Ok(()) } else { Err(Error::new(failures.join("\n"))) }
}

/// Runs the Rust tests, all of them even where one fails; then those of the server that take its feature `postgres`.
pub(crate) fn rust(project: &Project) -> Result<()> {
    console::headline(
        "test: Rust; the first build takes about three minutes on two cores, most of it DataFusion",
    );
    let results = [
        process::run(&mut project.cargo("test --workspace --no-fail-fast")),
        process::run(
            &mut project.cargo("test -p arrowlink-server --features postgres --test server postgres"),
        ),
    ];
    results.into_iter().collect()
}

/// Runs the Python tests; they start the server and the example that [`rust`] has built, and fail rather than skip without
/// them.
pub(crate) fn python(project: &Project) -> Result<()> {
    console::headline("test: Python");
    let python = Python::ready(project)?;
    process::run(&mut project.cargo("build --workspace --bin arrowlink-server --example guarded"))?;
    let server = project.built(Profile::Debug, "arrowlink-server");
    let mut pytest = python.command("-m pytest");
    process::run(pytest.env("ARROWLINK_SERVER_BIN", server).env("ARROWLINK_REQUIRE_SERVER", "1"))
}
