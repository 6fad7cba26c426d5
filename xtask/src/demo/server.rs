//! A server as a process: started, asked for its address, and stopped whatever happens.

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Duration;

use crate::error::{Error, Result};
use crate::python::Python;
use crate::{console, process};

/// A running server; dropping it kills it.
#[derive(Debug)]
pub(super) struct Server {
    child: Child,
    address: SocketAddr,
    log: PathBuf,
}

impl Server {
    /// Starts the server and waits until it says where it listens; its log goes to the file `log`.
    pub(super) fn start(command: &mut Command, log: &Path) -> Result<Self> {
        console::say(&format!("$ {}", process::line(command)));
        let stderr = File::create(log).map_err(|error| Error::file("create", log, error))?;
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(stderr);
        let mut child = command.spawn().map_err(|error| process::start_error(command, &error))?;
        let lines = child.stdout.take().map(lines);
        let unknown = SocketAddr::from(([127, 0, 0, 1], 0));
        let mut server = Self { child, address: unknown, log: log.to_owned() };
        let line = lines.and_then(|lines| lines.recv_timeout(START_LIMIT).ok());
        let line = line.ok_or_else(|| server.failure("did not say that it listens"))?;
        console::say(&line);
        server.address =
            address(&line).ok_or_else(|| Error::new(format!("no address in the server's line `{line}`")))?;
        Ok(server)
    }

    pub(super) const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Asks the server to end, as an operator would, and fails unless it ends well and in time.
    pub(super) fn stop(mut self, python: &Python) -> Result<()> {
        let code = format!("import os, signal; os.kill({}, signal.SIGTERM)", self.child.id());
        process::run(python.command("-c").arg(code))?;
        match process::wait(&mut self.child, STOP_LIMIT)? {
            Some(status) if status.success() => Ok(()),
            Some(status) => Err(self.failure(&format!("ended badly ({status})"))),
            None => Err(self.failure("did not end when asked to")),
        }
    }

    /// Says what the server did, with the end of its log.
    fn failure(&self, what: &str) -> Error {
        let log = fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        let tail = lines[lines.len().saturating_sub(LOG_LINES)..].join("\n");
        Error::new(format!("the server {what}; the end of `{}`:\n{tail}", self.log.display()))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            let _ = self.child.kill().and_then(|()| self.child.wait());
        }
    }
}

/// Reads standard output to its end, so that the server never waits for a reader, and hands over the line that
/// starts with `listening`. The thread ends with the server.
fn lines(stdout: ChildStdout) -> Receiver<String> {
    let (tx, rx) = mpsc::channel();
    thread::spawn(move || {
        for line in BufReader::new(stdout).lines().map_while(std::result::Result::ok) {
            if line.starts_with("listening") {
                // Nobody waits for a second one.
                let _ = tx.send(line);
            }
        }
    });
    rx
}

/// Finds the first address with a port in a line for people.
fn address(line: &str) -> Option<SocketAddr> {
    let words = line.split(|c: char| c.is_whitespace() || c == ',');
    words.filter_map(|word| word.trim_start_matches("https://").trim_end_matches('/').parse().ok()).next()
}

const START_LIMIT: Duration = Duration::from_secs(60);
const STOP_LIMIT: Duration = Duration::from_secs(30);
const LOG_LINES: usize = 20;
