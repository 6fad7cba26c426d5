//! The table of tasks: their names, what they do in a line, their options and the function that runs them.

use crate::arguments::Arguments;
use crate::error::Result;
use crate::project::Project;
use crate::{bench, certs, ci, clients, demo, generate, sanitize, substrait, test, tidy};

/// One task.
#[derive(Debug)]
pub(crate) struct Task {
    pub(crate) name: &'static str,
    summary: &'static str,
    options: &'static str,
    pub(crate) run: fn(&Project, Arguments) -> Result<()>,
}

impl Task {
    pub(crate) fn find(name: &str) -> Option<&'static Self> {
        TASKS.iter().find(|task| task.name == name)
    }

    /// Returns what `cargo xtask TASK --help` prints.
    pub(crate) fn help(&self) -> String {
        let Self { name, summary, options, .. } = self;
        let options = if options.is_empty() { "" } else { &format!("\n\n{options}") };
        format!("cargo xtask {name}: {summary}{options}")
    }
}

/// Returns what `cargo xtask` alone prints.
pub(crate) fn usage() -> String {
    let mut text = String::from("usage: cargo xtask TASK [OPTIONS]\n");
    for Task { name, summary, .. } in &TASKS {
        text.push_str(&format!("\n  {name:<9} {summary}"));
    }
    text + "\n\n`cargo xtask TASK --help` says more."
}

/// Returns the words for a task that does not exist, with the nearest one that does.
pub(crate) fn unknown(name: &str) -> String {
    let near = TASKS.iter().map(|task| (strsim::osa_distance(name, task.name), task.name));
    // At least half of the letters are right.
    let nearest = near.filter(|(distance, task)| distance * 2 <= task.len().max(name.len())).min();
    let advice = match nearest {
        Some((_, task)) => format!("did you mean `{task}`?"),
        None => "`cargo xtask` lists them".to_owned(),
    };
    format!("error: there is no task `{name}`; {advice}")
}

const TASKS: [Task; 10] = [
    Task { name: "gen", summary: generate::SUMMARY, options: generate::OPTIONS, run: generate::run },
    Task { name: "certs", summary: certs::SUMMARY, options: certs::OPTIONS, run: certs::run },
    Task { name: "demo", summary: demo::SUMMARY, options: demo::OPTIONS, run: demo::run },
    Task { name: "test", summary: test::SUMMARY, options: "", run: test::run },
    Task { name: "tidy", summary: tidy::SUMMARY, options: "", run: tidy::run },
    Task { name: "clients", summary: clients::SUMMARY, options: "", run: clients::run },
    Task { name: "substrait", summary: substrait::SUMMARY, options: "", run: substrait::run },
    Task { name: "sanitize", summary: sanitize::SUMMARY, options: "", run: sanitize::run },
    Task { name: "bench", summary: bench::SUMMARY, options: bench::OPTIONS, run: bench::run },
    Task { name: "ci", summary: ci::SUMMARY, options: ci::OPTIONS, run: ci::run },
];
