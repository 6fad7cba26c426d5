//! The texts that a configuration is made of, and the one place that reads them from the machine.

use std::io;
use std::path::{Path, PathBuf};

use super::env::{self, lay_variables_over};
use super::problem::{ConfigError, Problem};
use super::tree::Table;
use super::{file, rules};
use crate::{Flags, Schemes};

/// A file, environment variables and flags, each laid over the one before it.
///
/// A list of a later source takes the place of an earlier one, but for datasets: those of flags are added to those of
/// the file, and take the place of one of the same name.
///
/// ```
/// use arrowlink_server::{Config, Sources};
///
/// let sources = Sources::default()
///     .with_file("arrowlink.toml", "[limits]\nmax_connections = 8\ngrace = '1s'\n")
///     .with_variable("ARROWLINK__LIMITS__MAX_CONNECTIONS", "64");
/// let limits = Config::from_sources(sources)?.limits;
/// assert_eq!(limits.max_connections, 64);
/// assert_eq!(limits.grace.as_secs(), 1);
/// # Ok::<(), arrowlink_server::ConfigError>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Sources {
    file: Option<(PathBuf, String)>,
    variables: Vec<(String, String)>,
    flags: Flags,
    schemes: Vec<String>,
}

impl Sources {
    /// Reads the file that `flags` name, or `arrowlink.toml` in the working directory where there is one, and the
    /// environment variables that begin with `ARROWLINK__`.
    ///
    /// # Errors
    ///
    /// [`ConfigError`] where the file cannot be read, or a variable is not UTF-8.
    pub fn load(flags: Flags) -> Result<Self, ConfigError> {
        let file = read_file(flags.config.as_deref())?;
        let mut variables = Vec::new();
        for (variable, value) in std::env::vars_os() {
            let Ok(variable) = variable.into_string() else { continue };
            if !variable.starts_with(env::PREFIX) {
                continue;
            }
            let value = value.into_string().map_err(|_| {
                ConfigError::from_text(format!("environment variable `{variable}`: not UTF-8"))
            })?;
            variables.push((variable, value));
        }
        Ok(Self { file, variables, flags, schemes: Vec::new() })
    }

    /// Takes `text` as the content of the file `path`, whose folder is where relative paths start from.
    #[must_use]
    pub fn with_file(mut self, path: impl Into<PathBuf>, text: impl Into<String>) -> Self {
        self.file = Some((path.into(), text.into()));
        self
    }

    /// Takes `value` as the environment variable `variable`; one that does not begin with `ARROWLINK__` is ignored.
    #[must_use]
    pub fn with_variable(mut self, variable: impl Into<String>, value: impl Into<String>) -> Self {
        self.variables.push((variable.into(), value.into()));
        self
    }

    /// Takes `flags`.
    #[must_use]
    pub fn with_flags(mut self, flags: Flags) -> Self {
        self.flags = flags;
        self
    }

    /// Lets the URI of a dataset have one of the schemes that are registered in `schemes`.
    ///
    /// ```
    /// use arrowlink_core::{Dataset, DemoDataset};
    /// use arrowlink_server::{Config, Schemes, Sources};
    ///
    /// let file = "[[dataset]]\nname = 'sensors'\nuri = 'plant://hall-3'\n";
    /// let sources = Sources::default().with_file("arrowlink.toml", file);
    /// assert!(Config::from_sources(sources.clone()).is_err());
    ///
    /// let schemes = Schemes::default().with("plant", |_config| async { Ok(DemoDataset::new(10, 0)?) });
    /// assert_eq!(Config::from_sources(sources.with_schemes(&schemes))?.datasets.len(), 1);
    /// # Ok::<(), arrowlink_server::ConfigError>(())
    /// ```
    #[must_use]
    pub fn with_schemes(mut self, schemes: &Schemes) -> Self {
        self.schemes = schemes.names();
        self
    }

    /// Returns the schemes that are registered.
    pub(super) fn schemes(&self) -> &[String] {
        &self.schemes
    }

    /// Lays everything over each other. What cannot be a value at all is noted in `problems`.
    pub(super) fn into_table(self, problems: &mut Vec<Problem>) -> Table {
        let mut table = match &self.file {
            None => Table::new(),
            Some((path, text)) => file::parse(path, text).unwrap_or_else(|problem| {
                problems.push(problem);
                Table::new()
            }),
        };
        lay_variables_over(&mut table, &self.variables, problems);
        self.flags.lay_over(&mut table);
        rules::pin(&mut table, &self.flags.pin, problems);
        table
    }
}

/// Reads the file that was named, which must be there, or the usual one, which need not.
fn read_file(named: Option<&Path>) -> Result<Option<(PathBuf, String)>, ConfigError> {
    let path = named.unwrap_or_else(|| Path::new(DEFAULT_FILE));
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(Some((path.to_path_buf(), text))),
        Err(error) if named.is_none() && error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(ConfigError::from_text(format!(
            "cannot read the configuration `{}`: {error}",
            path.display()
        ))),
    }
}

const DEFAULT_FILE: &str = "arrowlink.toml";
