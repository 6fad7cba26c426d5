//! `cargo xtask sanitize`: the tests of what handles memory by hand, under the address sanitizer, and under Miri.
//!
//! Both need a nightly toolchain. Where there is none, or none with Miri, that is said and nothing fails: what these find
//! is found wherever they are installed.

use std::process::Stdio;

use crate::arguments::Arguments;
use crate::error::Result;
use crate::project::Project;
use crate::{console, process};

pub(crate) const SUMMARY: &str = "tests what handles memory under the address sanitizer and Miri";

pub(crate) fn run(project: &Project, arguments: Arguments) -> Result<()> {
    arguments.finish()?;
    sanitize(project)
}

/// Runs what is installed.
pub(crate) fn sanitize(project: &Project) -> Result<()> {
    if !is_installed(project, "--version") {
        console::say("left out: there is no nightly toolchain; `rustup toolchain install nightly` gets it");
        return Ok(());
    }
    address(project)?;
    if !is_installed(project, "miri --version") {
        console::say(
            "left out: nightly has no Miri; `rustup component add miri --toolchain nightly` gets it",
        );
        return Ok(());
    }
    miri(project)
}

fn is_installed(project: &Project, arguments: &str) -> bool {
    let mut cargo = project.cargo(NIGHTLY);
    cargo.args(arguments.split_whitespace()).stdout(Stdio::null()).stderr(Stdio::null());
    cargo.status().is_ok_and(|status| status.success())
}

/// The standard library is not instrumented; what goes wrong in it is in memory that this code handed to it.
fn address(project: &Project) -> Result<()> {
    console::headline("sanitize: address");
    for tests in ADDRESS {
        let mut cargo = project.cargo(NIGHTLY);
        cargo.args(tests.split_whitespace()).arg("--target-dir").arg(project.target("sanitize"));
        cargo.args(["--target", TARGET, "--"]).args(LEFT_OUT.iter().flat_map(|name| ["--skip", name]));
        process::run(cargo.env("RUSTFLAGS", "-Zsanitizer=address"))?;
    }
    Ok(())
}

/// Miri knows no sockets and is a thousand times slower, so that it gets the pool alone.
fn miri(project: &Project) -> Result<()> {
    console::headline("sanitize: Miri");
    let mut cargo = project.cargo(NIGHTLY);
    cargo.args(MIRI.split_whitespace()).arg("--target-dir").arg(project.target("miri"));
    process::run(cargo.args(["--", "pool::"]).env("MIRIFLAGS", "-Zmiri-disable-isolation"))
}

const NIGHTLY: &str = "+nightly";
const TARGET: &str = "x86_64-unknown-linux-gnu";
/// Without the rest of the workspace, which would take DataFusion along.
const ADDRESS: [&str; 2] =
    ["test -p arrowlink-transport --lib --test transport", "test -p arrowlink-ipc --lib --test ipc"];
const MIRI: &str = "miri test -p arrowlink-transport --test transport";
/// Calls that are cut at every byte: too many for a slow program, and no other memory than in the other tests.
const LEFT_OUT: [&str; 1] = ["cut::"];
