//! `cargo xtask tidy`: the project's own rules, each a function from text to the problems in it.
//!
//! What the compiler, clippy and rustfmt check is not repeated here. Every rule takes what it looks at as an
//! argument and returns [`Problem`]s, so that each can be tested with an example that breaks it.

use std::collections::BTreeSet;
use std::fmt;
use std::fs;

use crate::arguments::Arguments;
use crate::error::{Error, Result};
use crate::project::Project;
use crate::{console, process, substrait};

mod document;
mod features;
mod lockfile;
mod manifest;
mod reach;
mod source;

pub use document::check_document;
pub use features::check_features;
pub use lockfile::check_lockfile;
pub use manifest::{check_manifest, check_workspace_manifest};
pub use reach::check_reach;
pub use source::check_source;

pub(crate) const SUMMARY: &str =
    "checks the project's own rules: dependencies, manifests, sources, documents";

pub(crate) fn run(project: &Project, arguments: Arguments) -> Result<()> {
    arguments.finish()?;
    console::headline("tidy: dependencies, manifests, sources, documents");
    check(project)
}

/// Checks every file of the repository, prints the problems and fails where there are any.
pub(crate) fn check(project: &Project) -> Result<()> {
    let files = project.files()?;
    let mut problems = Vec::new();
    for package in reach::packages() {
        problems.extend(check_reach(package, &tree(project, "normal", &["--package", package])?));
    }
    let programs = tree(project, "normal,build", &["--workspace"])?;
    let tests = tree(project, "normal,build,dev", &["--workspace"])?;
    problems.extend(check_features(&programs, &tests, "tests"));
    let [option, feature] = substrait::FEATURE;
    let with_feature = tree(project, "normal,build", &["--workspace", option, feature])?;
    problems.extend(check_features(&programs, &with_feature, "Substrait's crates"));
    let names: BTreeSet<&str> = files.iter().map(String::as_str).collect();
    for file in &files {
        let path = project.path(file);
        let bytes = fs::read(&path).map_err(|error| Error::file("read", &path, error))?;
        if let Ok(text) = String::from_utf8(bytes) {
            problems.extend(check_file(file, &text, &names));
        }
    }
    for problem in &problems {
        console::warn(&problem.to_string());
    }
    match problems.len() {
        0 => console::say(&format!("tidy: {} files keep the rules", files.len())),
        count => return Err(Error::new(format!("tidy: {count} problems"))),
    }
    Ok(())
}

/// A rule that a file does not keep, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The file, from the root, with slashes.
    pub file: String,
    /// The line, counted from 1; 0 where the whole file is meant.
    pub line: usize,
    /// What is wrong and what to do.
    pub text: String,
}

impl Problem {
    pub(crate) fn new(file: &str, line: usize, text: impl Into<String>) -> Self {
        Self { file: file.to_owned(), line, text: text.into() }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => write!(f, "{}: {}", self.file, self.text),
            line => write!(f, "{}:{line}: {}", self.file, self.text),
        }
    }
}

/// Checks one file of the repository by every rule that its name calls for; `files` are all of them.
///
/// ```
/// use std::collections::BTreeSet;
///
/// let problems = xtask::tidy::check_file("src/mod.rs", "//! Everything else.\n", &BTreeSet::new());
/// assert_eq!(problems[0].to_string(), "src/mod.rs: rename it to `src.rs`; no file is called `mod.rs`");
/// ```
pub fn check_file(file: &str, text: &str, files: &BTreeSet<&str>) -> Vec<Problem> {
    let name = file.rsplit('/').next().unwrap_or(file);
    let mut problems = check_source(file, text);
    match name {
        "Cargo.toml" if text.contains("[workspace]") => problems.extend(check_workspace_manifest(file, text)),
        "Cargo.toml" => problems.extend(check_manifest(file, text)),
        "Cargo.lock" => problems.extend(check_lockfile(file, text)),
        _ if name.ends_with(".md") => problems.extend(check_document(file, text, files)),
        _ => {}
    }
    problems
}

/// Asks cargo for every package that can be reached by `edges`, with its features.
fn tree(project: &Project, edges: &str, of: &[&str]) -> Result<String> {
    let mut tree = project.cargo("tree --locked --prefix none --edges");
    process::output(tree.arg(edges).args(of).args(["--format", "{p}|{f}"]))
}
