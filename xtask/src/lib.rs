//! The project's tasks, one file each; what they share stands beside them.
//!
//! A library, so that the rules of [`tidy`] can be tested; the binary only calls [`main`]. It depends on almost
//! nothing, so that `cargo xtask` starts within seconds of a fresh clone, and it never asks a shell: what it runs
//! it prints first.

use std::process::ExitCode;

mod arguments;
mod bench;
mod certs;
mod ci;
mod clients;
mod console;
mod demo;
mod error;
mod examples;
mod generate;
mod process;
mod project;
mod python;
mod running;
mod sanitize;
mod server;
mod substrait;
mod task;
mod test;
pub mod tidy;

pub use error::{Error, Result};

use arguments::Arguments;
use project::Project;
use task::Task;

/// Runs the task that `words` name, the first of them being the task and the rest its arguments.
///
/// Returns 0 where it succeeded, 1 where it failed and 2 where it could not be understood.
pub fn main(mut words: Vec<String>) -> ExitCode {
    if words.is_empty() || matches!(words[0].as_str(), "help" | "-h" | "--help") {
        console::say(&task::usage());
        return ExitCode::SUCCESS;
    }
    let name = words.remove(0);
    let Some(task) = Task::find(&name) else {
        console::warn(&task::unknown(&name));
        return ExitCode::from(2);
    };
    if words.iter().take_while(|word| *word != "--").any(|word| word == "-h" || word == "--help") {
        console::say(&task.help());
        return ExitCode::SUCCESS;
    }
    match Project::find().and_then(|project| (task.run)(&project, Arguments::new(task.name, words))) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            console::warn(&format!("error: {error}"));
            ExitCode::FAILURE
        }
    }
}
