//! `cargo xtask certs`: the development certificates, made or checked by the same code as the server's.
//!
//! The work is done by the example `certs` of arrowlink-transport; this task builds it and hands the arguments on.

use std::process::Command;

use crate::arguments::Arguments;
use crate::error::Result;
use crate::project::{Profile, Project};
use crate::{console, process};

pub(crate) const SUMMARY: &str = "makes the development certificates in certs/, or checks them";
pub(crate) const OPTIONS: &str = "  --dir DIR          where the certificates are (default: certs)
  --check            change nothing; fail where one is missing, expired or does not fit
  --expired DIR      make an expired one instead, for tests
  --wrong-host DIR   make one for another host instead, for tests";

pub(crate) fn run(project: &Project, arguments: Arguments) -> Result<()> {
    console::headline("certs: development certificates");
    process::run(&mut project.cargo(BUILD))?;
    process::run(command(project, Profile::Debug).args(arguments.rest()))
}

/// Prepares the example, which must have been built.
pub(crate) fn command(project: &Project, profile: Profile) -> Command {
    project.command(project.built(profile, "examples/certs"))
}

/// Builds the example with the features that everything else in the workspace is built with.
pub(crate) const BUILD: &str = "build --workspace --example certs";
