//! The arguments of one task: flags and values are taken out by name, what is left over is an error.
//!
//! A dozen lines of it are enough here; a parser with derive macros would make every first `cargo xtask` slower.

use crate::error::{Error, Result};

/// What stands after the task's name on the command line.
#[derive(Debug)]
pub(crate) struct Arguments {
    task: &'static str,
    words: Vec<String>,
}

impl Arguments {
    pub(crate) fn new(task: &'static str, words: Vec<String>) -> Self {
        Self { task, words }
    }

    /// Takes the flag `name` out, `--check` say, and tells whether it was there.
    pub(crate) fn flag(&mut self, name: &str) -> bool {
        let before = self.words.len();
        self.words.retain(|word| word != name);
        self.words.len() < before
    }

    /// Takes the option `name` out, written `--port 1` or `--port=1`, and returns its value where it was there.
    pub(crate) fn value(&mut self, name: &str) -> Result<Option<String>> {
        let prefix = format!("{name}=");
        if let Some(idx) = self.words.iter().position(|word| word.starts_with(&prefix)) {
            return Ok(Some(self.words.remove(idx)[prefix.len()..].to_owned()));
        }
        let Some(idx) = self.words.iter().position(|word| word == name) else { return Ok(None) };
        self.words.remove(idx);
        if idx == self.words.len() {
            return Err(Error::new(format!("`{name}` needs a value, as in `{name} VALUE`")));
        }
        Ok(Some(self.words.remove(idx)))
    }

    /// Returns everything that was not taken out, for a program that has its own options.
    pub(crate) fn rest(mut self) -> Vec<String> {
        if self.words.first().is_some_and(|word| word == "--") {
            self.words.remove(0);
        }
        self.words
    }

    /// Checks that everything was taken out.
    pub(crate) fn finish(self) -> Result<()> {
        match self.words.first() {
            None => Ok(()),
            Some(word) => Err(Error::new(format!(
                "`{word}` is not an option of `cargo xtask {task}`; `cargo xtask {task} --help` lists them",
                task = self.task
            ))),
        }
    }
}
