//! The error of a task: one text that says what failed and what to do, for a person at a terminal.

use std::fmt::{self, Display};
use std::path::Path;

/// A result whose error is [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a task failed.
///
/// ```
/// let error = xtask::Error::new("no python3 found: install Python 3.11 or newer");
/// assert_eq!(error.to_string(), "no python3 found: install Python 3.11 or newer");
/// ```
#[derive(Debug)]
pub struct Error(String);

impl Error {
    /// Makes an error that says `text`.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// Makes the error of doing something with the file at `path`: `cannot read` and the like is the `action`.
    pub(crate) fn file(action: &str, path: &Path, cause: impl Display) -> Self {
        Self(format!("cannot {action} `{}`: {cause}", path.display()))
    }
}

impl Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Error {}
