//! A program that runs beside the task: its output is shown and searched for the line that says that it listens, and
//! it ends with the task whatever happens.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crate::error::Result;
use crate::python::Python;
use crate::{console, process};

/// A running program; dropping it kills it.
#[derive(Debug)]
pub(crate) struct Running {
    child: Child,
    listening: Receiver<String>,
    /// Reads standard output to its end, so that the program never waits for a reader.
    reader: Option<JoinHandle<()>>,
}

impl Running {
    /// Prints `command` and starts it.
    pub(crate) fn start(command: &mut Command) -> Result<Self> {
        console::say(&format!("$ {}", process::line(command)));
        command.stdin(Stdio::null()).stdout(Stdio::piped());
        let mut child = command.spawn().map_err(|error| process::start_error(command, &error))?;
        let (tx, listening) = mpsc::channel();
        let read = |stdout: ChildStdout| {
            thread::spawn(move || {
                for line in BufReader::new(stdout).lines().map_while(std::result::Result::ok) {
                    console::say(&line);
                    if line.starts_with("listening") {
                        // Nobody waits for a second one.
                        let _ = tx.send(line);
                    }
                }
            })
        };
        let reader = child.stdout.take().map(read);
        Ok(Self { child, listening, reader })
    }

    /// Waits for a line that starts with `listening`, at most `limit` and not longer than the program runs.
    pub(crate) fn listening(&self, limit: Duration) -> Option<String> {
        self.listening.recv_timeout(limit).ok()
    }

    /// Sends the signal of that name, `SIGTERM` say.
    pub(crate) fn signal(&self, python: &Python, name: &str) -> Result<()> {
        python.signal(name, self.child.id())
    }

    /// Waits for the end, at most `limit`; returns nothing where the program still runs.
    pub(crate) fn wait(&mut self, limit: Duration) -> Result<Option<ExitStatus>> {
        process::wait(&mut self.child, limit)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            let _ = self.child.kill().and_then(|()| self.child.wait());
        }
        // The thread cannot fail: it stops at the first line that it cannot read.
        let _ = self.reader.take().map(JoinHandle::join);
    }
}
