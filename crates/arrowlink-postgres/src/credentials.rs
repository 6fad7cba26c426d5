//! Who asks a database, from a file or from the environment.

use std::fmt;
use std::path::Path;

use arrowlink_core::{Error, ErrorKind, Result};

/// A name and a password, as far as they were given.
#[derive(Clone, Default)]
pub(crate) struct Credentials {
    pub(crate) user: Option<String>,
    pub(crate) password: Option<String>,
}

impl Credentials {
    /// Reads lines `user = name` and `password = secret`; blank lines and those that begin with `#` say nothing.
    ///
    /// Fails with `NotFound` or `PermissionDenied` where the file cannot be read, with `InvalidArgument` where a line
    /// is another one, whose value is not shown.
    pub(crate) fn from_file(file: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(file).map_err(|error| unreadable(file, error))?;
        let mut found = Self::default();
        for (idx, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let (key, value) = line.split_once('=').unwrap_or_default();
            match key.trim() {
                "user" => found.user = Some(value.trim().to_owned()),
                "password" => found.password = Some(value.trim().to_owned()),
                _ => return Err(unlike(file, idx + 1)),
            }
        }
        Ok(found)
    }

    /// Takes the password of the variable that PostgreSQL's own tools know.
    pub(crate) fn from_env() -> Self {
        Self { user: None, password: std::env::var("PGPASSWORD").ok() }
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials").field("user", &self.user).finish_non_exhaustive()
    }
}

/// Says that a file of the configuration cannot be read.
pub(crate) fn unreadable(file: &Path, error: std::io::Error) -> Error {
    let (kind, what) = match error.kind() {
        std::io::ErrorKind::NotFound => (ErrorKind::NotFound, "is not there"),
        std::io::ErrorKind::PermissionDenied => {
            (ErrorKind::PermissionDenied, "may not be read by the server")
        }
        _ => (ErrorKind::InvalidArgument, "cannot be read"),
    };
    Error::new(kind, format!("`{}` {what}", file.display())).with_source(error)
}

fn unlike(file: &Path, line: usize) -> Error {
    let file = file.display();
    let text = format!("`{file}`, line {line}: expected `user = name` or `password = secret`");
    Error::new(ErrorKind::InvalidArgument, text)
}
