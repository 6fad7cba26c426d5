//! `cargo xtask substrait`: the tests of Substrait plans, which are a cargo feature: building it wants `protoc`.
//!
//! Python's grpcio-tools bring one along, so that nobody has to install it for `cargo xtask ci`. Nothing but the crates
//! of Substrait is built anew: `cargo xtask tidy` sees to it that all others have the same features with and without.

use std::env;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use crate::arguments::Arguments;
use crate::error::{Error, Result};
use crate::process;
use crate::project::Project;
use crate::python::Python;

pub(crate) const SUMMARY: &str = "checks and tests what the feature `substrait` adds, with Python's `protoc`";

pub(crate) fn run(project: &Project, arguments: Arguments) -> Result<()> {
    arguments.finish()?;
    try_it(project)
}

/// Checks what is built with the feature alone, and runs the tests that have `substrait` in their names.
pub(crate) fn try_it(project: &Project) -> Result<()> {
    let protoc = protoc(project)?;
    for arguments in [CLIPPY, TESTS] {
        process::run(project.cargo(arguments).env(PROTOC, &protoc))?;
    }
    Ok(())
}

/// Returns the `protoc` that the environment names, or else one that hands on to Python's.
fn protoc(project: &Project) -> Result<PathBuf> {
    if let Some(given) = env::var_os(PROTOC) {
        return Ok(given.into());
    }
    let python = Python::ready(project)?;
    let path = project.target("tools").join("protoc");
    let text = format!("#!/bin/sh\nexec \"{}\" -m grpc_tools.protoc \"$@\"\n", python.program().display());
    let written = fs::create_dir_all(project.target("tools"))
        .and_then(|()| fs::write(&path, text))
        .and_then(|()| fs::set_permissions(&path, Permissions::from_mode(0o755)));
    written.map_err(|error| Error::file("write", &path, error))?;
    Ok(path)
}

/// What `cargo tree` is to add to see the feature.
pub(crate) const FEATURE: [&str; 2] = ["--features", "arrowlink-server/substrait"];
const TESTS: &str =
    "test --workspace --features arrowlink-server/substrait --test query --test server -- substrait";
const CLIPPY: &str = "clippy --workspace --features arrowlink-server/substrait --all-targets -- -D warnings";
const PROTOC: &str = "PROTOC";
