//! A server as a process: started, asked for its address, and stopped whatever happens.

use std::fs::{self, File};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::error::{Error, Result};
use crate::python::Python;
use crate::running::Running;

/// A running server and the file that its standard error goes to; dropping it kills it.
#[derive(Debug)]
pub(crate) struct Server {
    program: Running,
    address: SocketAddr,
    log: PathBuf,
}

impl Server {
    /// Starts the server and waits until it says where it listens; its log goes to the file `log`.
    pub(crate) fn start(command: &mut Command, log: &Path) -> Result<Self> {
        let stderr = File::create(log).map_err(|error| Error::file("create", log, error))?;
        let program = Running::start(command.stderr(stderr))?;
        let line = program.listening(START_LIMIT);
        match line.as_deref().and_then(address) {
            Some(address) => Ok(Self { program, address, log: log.to_owned() }),
            None => Err(failure("did not say where it listens", log)),
        }
    }

    pub(crate) const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Asks the server to end, as an operator would, and fails unless it ends well and in time.
    pub(crate) fn stop(mut self, python: &Python) -> Result<()> {
        self.program.signal(python, "SIGTERM")?;
        match self.program.wait(STOP_LIMIT)? {
            Some(status) if status.success() => Ok(()),
            Some(status) => Err(failure(&format!("ended badly ({status})"), &self.log)),
            None => Err(failure("did not end when asked to", &self.log)),
        }
    }
}

/// Says what the server did, with the end of its log.
fn failure(what: &str, log: &Path) -> Error {
    let text = fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    let tail = lines[lines.len().saturating_sub(LOG_LINES)..].join("\n");
    Error::new(format!("the server {what}; the end of `{}`:\n{tail}", log.display()))
}

/// Finds the first address with a port in a line for people.
fn address(line: &str) -> Option<SocketAddr> {
    let words = line.split(|c: char| c.is_whitespace() || c == ',');
    words.filter_map(|word| word.trim_start_matches("https://").trim_end_matches('/').parse().ok()).next()
}

const START_LIMIT: Duration = Duration::from_secs(60);
const STOP_LIMIT: Duration = Duration::from_secs(30);
const LOG_LINES: usize = 20;
