//! What is wrong with a configuration: where it was written, which key, and what to write instead.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Everything that is wrong with a configuration, one problem per line of its text.
///
/// ```
/// use arrowlink_server::{Config, Sources};
///
/// let sources = Sources::default().with_file("arrowlink.toml", "[limits]\ngrase = '5s'\n");
/// let error = Config::from_sources(sources).unwrap_err();
/// assert_eq!(error.to_string(), "arrowlink.toml:2: unknown key `limits.grase`, did you mean `limits.grace`?");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    problems: Vec<Problem>,
}

impl ConfigError {
    /// Gathers what was found; there is at least one problem.
    pub(crate) const fn new(problems: Vec<Problem>) -> Self {
        Self { problems }
    }

    /// Makes an error of one problem that belongs to no single key.
    pub(crate) fn from_text(text: impl Into<String>) -> Self {
        Self::new(vec![Problem::everywhere(text)])
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (idx, problem) in self.problems.iter().enumerate() {
            if idx > 0 {
                f.write_str("\n")?;
            }
            problem.fmt(f)?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigError {}

/// One thing that is wrong, and where.
///
/// The text is lower-case, names keys and values in backticks, and says what would be right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Problem {
    origin: Option<Origin>,
    text: String,
}

impl Problem {
    /// Notes what is wrong with what was written at `origin`.
    pub(crate) fn at(origin: &Origin, text: impl Into<String>) -> Self {
        Self { origin: Some(origin.clone()), text: text.into() }
    }

    /// Notes what is wrong with several values together.
    pub(crate) fn everywhere(text: impl Into<String>) -> Self {
        Self { origin: None, text: text.into() }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.origin {
            Some(origin) => write!(f, "{origin}: {}", self.text),
            None => f.write_str(&self.text),
        }
    }
}

/// Where a value was written, which decides what relative paths mean and how types are spelled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// A line (from 1) of the configuration file.
    File { path: Arc<Path>, line: usize },
    /// An environment variable.
    Env(Arc<str>),
    /// A flag of the command line.
    Flag(&'static str),
}

impl Origin {
    /// Returns the folder that relative paths start from: of a file, the one it is in.
    pub(crate) fn folder(&self) -> PathBuf {
        match self {
            Self::File { path, .. } => path.parent().map(Path::to_path_buf).unwrap_or_default(),
            Self::Env(_) | Self::Flag(_) => PathBuf::new(),
        }
    }

    /// Returns the dotted `key` in the way it is written here: `limits.grace` is `ARROWLINK__LIMITS__GRACE`.
    pub(crate) fn spell(&self, key: &str) -> String {
        match self {
            Self::File { .. } => key.to_owned(),
            Self::Env(_) => format!("ARROWLINK__{}", key.replace('.', "__").to_ascii_uppercase()),
            Self::Flag(_) => format!("--{}", key.replace('_', "-")),
        }
    }

    /// Whether values are text whatever their type: only a file has numbers and booleans of its own.
    pub(crate) const fn is_text(&self) -> bool {
        matches!(self, Self::Env(_) | Self::Flag(_))
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { path, line } => write!(f, "{}:{line}", path.display()),
            Self::Env(variable) => write!(f, "environment variable `{variable}`"),
            Self::Flag(flag) => write!(f, "`{flag}`"),
        }
    }
}
