//! The examples of every crate, and the crates that are examples, run one after the other.
//!
//! An example runs without arguments, writes only into the folder it is started in, and either comes to its end by
//! itself or serves: then it prints a line that starts with `listening` and ends well at Ctrl-C.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use crate::error::{Error, Result};
use crate::project::{Profile, Project};
use crate::python::Python;
use crate::running::Running;
use crate::{console, process};

/// Builds and runs every example; the error names those that failed.
pub(crate) fn run(project: &Project) -> Result<()> {
    let python = Python::ready(project)?;
    process::run(&mut project.cargo("build --workspace --examples --bins"))?;
    let folder = project.scratch("examples")?;
    let names = names(&project.files()?);
    let mut failures = Vec::new();
    for name in &names {
        let mut command = project.command(project.built(Profile::Debug, name));
        if let Err(error) = run_one(command.current_dir(&folder), &python) {
            failures.push(format!("example `{name}`: {error}"));
        }
    }
    console::say(&format!("{} of {} examples ran", names.len() - failures.len(), names.len()));
    if failures.is_empty() { Ok(()) } else { Err(Error::new(failures.join("\n"))) }
}

fn run_one(command: &mut Command, python: &Python) -> Result<()> {
    let mut example = Running::start(command)?;
    if example.listening(LIMIT).is_some() {
        example.signal(python, "SIGINT")?;
    }
    match example.wait(LIMIT)? {
        Some(status) if status.success() => Ok(()),
        Some(status) => Err(Error::new(format!("failed ({status})"))),
        None => Err(Error::new(
            "did not end; an example comes to its end by itself, or prints a line that starts with `listening` and \
             ends at Ctrl-C",
        )),
    }
}

/// Picks the programs of examples out of the repository's files: `CRATE/examples/NAME.rs` and
/// `CRATE/examples/NAME/main.rs` are built as `examples/NAME`, the crate `examples/NAME/src/main.rs` as `NAME`.
fn names(files: &[String]) -> Vec<String> {
    let mut names: Vec<String> = files.iter().filter_map(|file| name(file)).collect();
    names.sort_unstable();
    names
}

fn name(file: &str) -> Option<String> {
    let is_one = |name: &str| Path::new(name).components().count() == 1;
    if let Some(below) = file.strip_prefix("examples/") {
        return below.strip_suffix("/src/main.rs").filter(|name| is_one(name)).map(str::to_owned);
    }
    let (_, below) = file.split_once("/examples/")?;
    let stem = below.strip_suffix("/main.rs").or_else(|| below.strip_suffix(".rs"))?;
    is_one(stem).then(|| format!("examples/{stem}"))
}

/// How long an example has until it listens or ends, and then until it has ended.
const LIMIT: Duration = Duration::from_secs(60);
