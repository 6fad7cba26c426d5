//! The examples of every crate, run one after the other.
//!
//! An example runs to its end without arguments, writes only into the folder it is started in, and fails with an
//! exit code: that is all this module asks of one.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use crate::error::{Error, Result};
use crate::project::Project;
use crate::{console, process};

/// Builds and runs every example; the error names those that failed.
pub(crate) fn run(project: &Project) -> Result<()> {
    process::run(&mut project.cargo("build --workspace --examples"))?;
    let folder = project.scratch("examples")?;
    let names = names(&project.files()?);
    let mut failures = Vec::new();
    for name in &names {
        let mut command = project.command(project.path("target/debug/examples").join(name));
        if let Err(error) = run_one(command.current_dir(&folder)) {
            failures.push(format!("example `{name}`: {error}"));
        }
    }
    console::say(&format!("{} of {} examples ran", names.len() - failures.len(), names.len()));
    if failures.is_empty() { Ok(()) } else { Err(Error::new(failures.join("\n"))) }
}

fn run_one(command: &mut Command) -> Result<()> {
    console::say(&format!("$ {}", process::line(command)));
    let mut child = command.spawn().map_err(|error| process::start_error(command, &error))?;
    match process::wait(&mut child, LIMIT)? {
        Some(status) if status.success() => Ok(()),
        Some(status) => Err(Error::new(format!("failed ({status})"))),
        None => {
            let seconds = LIMIT.as_secs();
            let _ = child.kill().and_then(|()| child.wait());
            Err(Error::new(format!("was ended after {seconds} s; an example must come to its end by itself")))
        }
    }
}

/// Picks the examples out of the repository's files: `CRATE/examples/NAME.rs` and `CRATE/examples/NAME/main.rs`.
fn names(files: &[String]) -> Vec<String> {
    let mut names: Vec<String> = files.iter().filter_map(|file| name(file)).collect();
    names.sort_unstable();
    names
}

fn name(file: &str) -> Option<String> {
    let (_, below) =
        format!("/{file}").rsplit_once("/examples/").map(|(a, b)| (a.to_owned(), b.to_owned()))?;
    let stem = below.strip_suffix("/main.rs").or_else(|| below.strip_suffix(".rs"))?;
    Path::new(stem).components().count().eq(&1).then(|| stem.to_owned())
}

const LIMIT: Duration = Duration::from_secs(120);
